"""Pointers to texts are refused, and markup gives a warning; a text that mentions these is accepted."""

import gzip
import warnings

import pytest
from caches import refused
from helpers import refusal

from fastrnn.data.corpus import open_corpus, read_text
from fastrnn.data.folders import with_folders
from fastrnn.data.remarks import markup, pointer
from fastrnn.data.vocabulary import Vocabulary
from fastrnn.inference.prompt import read_prompt

LFS = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n'
ANNEX = '/annex/objects/SHA256E-s123--4d7a2146.txt\n'
DVC = 'outs:\n- md5: a304afb96060aad90176268345e10355\n  path: data.txt\n'
POINTERS = {
    'a git-LFS pointer, not the text itself; type: git lfs pull': LFS,
    'a git-annex pointer, not the text itself; type: git annex get': ANNEX,
    'a DVC pointer, not the text itself; type: dvc pull': DVC,
    'a link to a web page, not the text itself; save the text itself': '[InternetShortcut]\r\nURL=https://example.org\r\n',
}
PAGE = '<!DOCTYPE html>\n<html lang="en"><head><title>Sonnets</title></head><body><p>Shall I</p></body></html>\n'
MARKUP = {
    PAGE: 'is a web page (HTML); save it as plain text',
    '\ufeff\n <!-- saved -->\n<HTML><head>': 'is a web page (HTML)',
    '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0">': 'is a web page (HTML)',
    '<?xml version="1.0"?>\n<TEI><text/></TEI>': 'is XML; save it as plain text',
    '<html><head><title>404 Not Found</title></head>': "is a web server's error page; probably not the text you wanted",
    '404: Not Found': "is a web server's error; ",
    '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>': "is a web server's error; ",
    'HTTP/1.1 200 OK\r\nDate: now\r\n\r\ntext': 'is an HTTP response with its header; ',
    'From: <Saved by Blink>\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/related;': 'is a saved web',
    '{\\rtf1\\ansi Shall I}': 'is an RTF document; save it as plain text',
    '%!PS-Adobe-3.0\n': 'is PostScript; extract its text',
    '-----BEGIN RSA PRIVATE KEY-----\nabc': 'is a key or certificate (PEM); ',
}
TEXTS = [
    *(
        'def page():\n    return "<html>" + text\n',
        'The tag <html> begins a page.',
        '# rtf\n{\\rtf1}',
        '{"a": 1}',
        'a,b\n1,2\n',
    ),
    *('<p>a part of a page', '\\documentclass{book}', 'version https://example.org\n', 'He read 404 pages.\n' * 2),
    *(
        'outs: none\n',
        'From me to you\nSubject: us\n\nHello',
        '<mediawiki xmlns="x">',
        '<?php echo 1;',
        'a/annex/objects/b\nc',
        '<!-- one of many -->\n' * 150 + 'text',
    ),
]
pytestmark = pytest.mark.usefixtures('cache')


@pytest.mark.parametrize('told', POINTERS)
def test_pointers_are_refused(path, cli, tmp_path, told):
    """By every reader, also as bytes, before the text is encoded or found in the cache."""
    path.write_text(POINTERS[told], newline='')
    words = f'{path}: is {told}'
    assert refused(path) == refused([__file__, path]) == refused(path, unit='byte') == words
    for read in (read_text, read_prompt, Vocabulary('ab').encode):
        with pytest.raises(ValueError, match='not the text itself') as error:
            read(path)
        assert str(error.value) == words
    (tmp_path / 'text').write_bytes(gzip.compress(POINTERS[told].encode()))
    assert refused(path) == words
    (tmp_path / 'good').write_text('Shall I?' * 99)
    assert refusal(cli, 'train', tmp_path / 'good', '--validation', path, '--iterations', 1) == words


def test_a_link_to_a_file_that_git_annex_has_not_fetched(tmp_path):
    link = tmp_path / 'text.txt'
    link.symlink_to('.git/annex/objects/Wx/0f/SHA256E-s9--a.txt/SHA256E-s9--a.txt')
    told = f'{link}: is a link to a file that git-annex has not fetched; type: git annex get {link}'
    assert refused(link) == told
    with pytest.raises(ValueError) as error:
        read_text(link)
    assert str(error.value) == told


@pytest.mark.parametrize('text', MARKUP)
def test_markup_gives_a_warning(path, text):
    """The text is accepted; also from the cache, compressed, as bytes and in UTF-16."""
    for data, options in (
        (text.encode(), {}),
        (text.encode(), {'unit': 'byte'}),
        (gzip.compress(text.encode()), {}),
        (text.lstrip('\ufeff').encode('utf-16'), {'encoding': 'utf-16'}),
    ):
        path.write_bytes(data)
        for _ in range(2):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter('always')
                assert open_corpus(path, **options).ids.size
            told = [str(warning.message) for warning in caught]
            assert sum(line.startswith(f'{path}: {MARKUP[text]}') for line in told) == 1, told


@pytest.mark.parametrize('text', TEXTS)
def test_similar_texts_give_no_warning(path, text):
    path.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert open_corpus(path).ids.size == len(text)
    assert pointer(text.encode()) == markup(text.encode()) == ''


def test_many_files_give_one_warning(tmp_path):
    paths = [tmp_path / f'{number}' for number in range(9)]
    for path in paths:
        path.write_text(PAGE)
    with pytest.warns(RuntimeWarning) as caught:
        open_corpus(paths)
    (warning,) = caught
    assert str(warning.message).startswith(f'{paths[0]} and 8 more: each is a web page (HTML); save it')


def test_a_folder_skips_and_counts_them(tmp_path):
    folder = tmp_path / 'texts'
    folder.mkdir()
    for name, text in {'a': 'text', 'b': PAGE, 'c': '{\\rtf1 x}', 'd': LFS, 'e.gz': ANNEX}.items():
        data = text.encode()
        (folder / name).write_bytes(gzip.compress(data) if name.endswith('gz') else data)
    (folder / 'f').symlink_to('../.git/annex/objects/x/y')
    files, (found,) = with_folders([folder])
    assert files == [folder / 'a']
    assert str(found) == (
        f'{folder}: 1 text file; left out: 2 HTML, XML, RTF or the like, '
        '3 pointers (git lfs pull or git annex get fetches the files)'
    )
    (folder / 'a').unlink()
    with pytest.raises(ValueError, match='0 text files; left out: 2 HTML'):
        with_folders([folder])
