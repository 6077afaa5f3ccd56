"""Messages are one line each, and the package's English is plain: no tics of translated text."""

import re

import pytest
from messages import ERRORS, HELP, KINDS, PRINTED, WARNINGS, all_messages, messages

# rooms whose texts have been read line by line; a room that is added here stays plain
ROOMS = (
    *(
        'data',
        'decision',
        'engines',
        'inference',
        'kernels',
        'model',
        'pages',
        'parallel',
        'progress',
        'runs',
        'settings',
    ),
    *('system', 'training'),
)
NAMES = ('Numba', 'NumPy', 'Python', 'Ctrl-C')  # with which a message may start
GIST = 'data has %d characters, %d unique.'
TICS = (  # pattern, and what to write instead
    (r'\bso many\b', 'the number, or "the K most likely"'),
    (r'\b(is|are|was|were|be) (told|said)\b|\btells of\b|\bsays of\b', 'prints, shows, reports'),
    (r'\bsome \d', 'about'),
    (r'(?<!there )\b(is|are|be|was) (?-i:no|none)\b(?! (longer|more|less|faster|slower)\b)', 'is not a, has no'),
    (r'\bbeside\b', 'besides, next to, in addition to'),
    (r'(?<!`)\black(s|ing)?\b', 'missing, not in'),
    (r'\bone and the same\b', 'the same'),
    (r'\bbe had\b', 'is not available'),
    (r'(?<!^)\bgo(es)? on\b', 'continues, resumes'),
    (r'\bof (its|their|his|one\'s) own\b', 'its own X, or nothing'),
    (r'\bby the clock\b|\bclock has\b', 'by time'),
    (r'\bby count\b', 'by iterations'),
    (r'\btakes? the place\b|\btook .* place\b', 'replaces'),
    (r'\bstands? (in|beside|for|there)\b', 'is in, is next to, represents'),
    (r'\blikeliest\b', 'most likely'),
    (r'\banew\b|\bonce more\b', 'again'),
    (r'\bbut for\b|\bbut once\b', 'except, only'),
    (r'\bthat there (is|are)\b', 'leave it out'),
    (r'\bnor (is|are|do|does|can|has|have)\b', 'subject, verb, object'),
    (r'\bcan not\b', "can't, cannot"),
    (r'\bin vain\b|\bfor want of\b|\bfor the sake\b|\bby heart\b', 'say it plainly'),
    (r'\bits (begin|end)\b(?= to\b)', 'start, end'),
    (r'\blet(s)? go of\b', 'releases'),
    (r'\bas it is\b|\bas they are\b|\bas it was\b', 'unchanged'),
    (r'\bthere where\b|\bsuch as is\b|\bbe it\b|\bfor it is\b', 'say it plainly'),
    (r'\bhas the same bits as\b|\bhave the same bits\b', 'is bit-identical to'),
)


def test_the_list_has_all_kinds():
    found = {message.kind for message in all_messages()}
    assert found == set(KINDS)


def test_messages_are_one_line():
    """They start in lower case or with a name, and end without a full stop."""
    wrong = []
    for message in all_messages():
        text = message.text.removesuffix('\n')
        if message.kind not in (ERRORS, WARNINGS, HELP, PRINTED) or message.file == 'reference.py':
            continue
        capital = message.kind in (ERRORS, WARNINGS) and re.match(rf'(?!{"|".join(NAMES)})[A-Z][a-z]', text)
        stop = message.kind in (ERRORS, WARNINGS, PRINTED) and re.search(r'[^.]\.$', text)
        if '\n' in text or capital or (stop and text != GIST):
            wrong.append(f'{message.place}: {text}')
    assert wrong == []


def tics(text):
    """What to write instead of each tic of a text."""
    return [f'{found[0]!r}: {better}' for pattern, better in TICS if (found := re.search(pattern, text, re.IGNORECASE))]


@pytest.mark.parametrize('room', ROOMS)
def test_plain_english(room):
    """Of messages, docstrings and comments."""
    texts = list(all_messages((room,)))
    assert texts
    assert [f'{text.place}: {tic}' for text in texts for tic in tics(' '.join(text.text.split()))] == []


@pytest.mark.parametrize(
    'text',
    [
        *('Draw from the so many likeliest characters only.', 'names.csv is no folder', 'some 30 s', 'the run goes on'),
        *('what the vocabulary lacks', 'a pass of its own', 'nothing is told of it', 'beside the text', 'by the clock'),
    ],
)
def test_tics_are_found(text):
    assert tics(text)


def test_other_texts_are_not_tics():
    for text in ('there is no option lr', 'it is no longer there', 'besides the text', 'its own buffers', 'is none_of'):
        assert tics(text) == []


def test_the_list_finds_texts(tmp_path, monkeypatch):
    """Of each kind, with the line; parts of an f-string are one text."""
    source = '"""A docstring of a module."""\nraise ValueError(f\'{x}: is no {y}\' + " and more")  # a comment here\n'
    source += 'warnings.warn("take care now")\nprint("two words")\noption(1, help="some help text")\nx = "other text"\n'
    (tmp_path / 'x.py').write_text(source)
    monkeypatch.setattr('messages.PACKAGE', tmp_path)
    assert [message[1:] for message in messages(tmp_path / 'x.py')] == [
        (1, 'docstring', 'A docstring of a module.'),
        (2, 'error', '{}: is no {}'),
        (2, 'error', ' and more'),
        (2, 'comment', 'a comment here'),
        (3, 'warning', 'take care now'),
        (4, 'print', 'two words'),
        (5, 'help', 'some help text'),
        (6, 'text', 'other text'),
    ]
