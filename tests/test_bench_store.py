"""Results of experiments, kept in a file."""

import pytest
from store import Store

RESULTS = {'a': 1.5, 'b, "quoted"': {'bits': [2.25, None], 'näme': 'x\ny'}, '': []}


def filled(path):
    store = Store(path)
    for key, result in RESULTS.items():
        assert store.get(key, lambda result=result: result) == result
    return store


def as_dict(store):
    return {key: store[key] for key in store}


def test_kept_and_read_again(tmp_path):
    path = tmp_path / 'results'
    assert as_dict(filled(path)) == RESULTS
    again = Store(path)
    assert as_dict(again) == RESULTS
    assert again.get('a', pytest.fail) == 1.5  # not made
    again.add('a', 3)
    assert as_dict(Store(path)) == {**RESULTS, 'a': 3}


def test_torn_at_any_byte(tmp_path):
    """Whole lines count; what a kill cut is made again, and the file is as good as any other then."""
    path = tmp_path / 'results'
    filled(path)
    content, keys = path.read_bytes(), list(RESULTS)
    for size in range(len(content)):
        path.write_bytes(content[:size])
        whole = content[: size + 1].count(b'\n')  # a line that lacks only its end is whole
        assert list(Store(path)) == keys[:whole], size
        filled(path)
        assert as_dict(Store(path)) == RESULTS, size


def test_two_at_once(tmp_path):
    """Each appends, and neither harms the other's."""
    first, second = Store(tmp_path / 'results'), Store(tmp_path / 'results')
    first.add('a', 1)
    second.add('b', 2)
    first.add('c', 3)
    assert as_dict(Store(tmp_path / 'results')) == {'a': 1, 'b': 2, 'c': 3}


@pytest.mark.parametrize('content', ['To be', '{"key": "a", "result": 1}\n[1, 2]\n', '3\n', '\ufeff'])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / 'text').write_text(content, encoding='utf-8')
    with pytest.raises(ValueError, match=r'^.*text, line \d is no result: name another file$'):
        Store(tmp_path / 'text')
