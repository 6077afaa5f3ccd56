"""Held-out text that is unlike the training text gives a warning; differences by chance don't."""

import random
import re
from pathlib import Path

import numpy as np
import pytest
from helpers import SONNETS

import fastrnn
from fastrnn.decision.likeness import unlike

PACKAGE = Path(fastrnn.__file__).parent
WORDS = 'the of and to in that was his he it with is for as had you not be her on at by which have or from this him'
GERMAN = """Es war einmal ein Müller, der war arm, aber er hatte eine schöne Tochter. Nun traf es sich, dass er mit dem
König zu sprechen kam, und um sich ein Ansehen zu geben, sagte er zu ihm: Ich habe eine Tochter, die kann Stroh zu Gold
spinnen. Der König sprach zum Müller: Das ist eine Kunst, die mir wohl gefällt. """


def told(train, held):
    chars = sorted(set(train + held))
    numbers = {char: number for number, char in enumerate(chars)}
    ids, held_out = (np.array([numbers[char] for char in text], np.uint8) for text in (train, held))
    return unlike(ids, held_out, len(chars), numbers.get('\n'))


def split(text, share=0.1):
    cut = int(len(text) * (1 - share))
    return text[:cut], text[cut:]


def lines(seed=0, count=6000):
    rng = random.Random(seed)
    return [' '.join(rng.choices(WORDS.split(), k=6)) for _ in range(count)]


def source(pattern='**/*.py'):
    return ''.join(path.read_text(encoding='utf-8') for path in sorted(PACKAGE.glob(pattern)))


@pytest.mark.parametrize('room', ['kernels', 'data', 'model', 'runs', 'commands', ''])
@pytest.mark.parametrize('share', [0.05, 0.1, 0.3])
def test_source_is_like_itself(room, share):
    assert told(*split(source(f'{room}/**/*.py'.lstrip('/')), share)) is None


def test_short_and_ordinary_texts_are_like_themselves():
    sonnets = SONNETS.read_text(encoding='utf-8')
    assert all(told(*split(sonnets, share)) is None for share in (0.05, 0.1, 0.5))
    assert told(*split('\n'.join(lines()))) is None and told(*split(' '.join(lines()))) is None
    assert told('ab' * 3000, 'ab' * 600) is None
    assert told(*split('\n'.join(f'2024-{k // 500:02} INFO {k * 7919 % 1000} ok' for k in range(6000)))) is None


@pytest.mark.parametrize('key', [None, str.swapcase, lambda line: line[::-1]])
def test_sorted_lines(key):
    found = told(*split('\n'.join(sorted(lines(), key=key))))
    assert found is None if key and key('ab') == 'ba' else 'sorted' in found


def test_sorted_downwards_and_words():
    assert 'sorted' in told(*split('\n'.join(sorted(lines(), reverse=True))))
    words = sorted({''.join(random.Random(k).choices('abcdefghijklmnopqrstuvwxyz', k=6)) for k in range(5000)})
    assert 'sorted' in told(*split('\n'.join(words)))


def test_other_texts():
    english = ' '.join(lines())
    assert 'language' in told(english, GERMAN * 5)
    assert 'language' in told(english, english[:9000].upper())
    assert told('\n'.join(lines()), source()[:20_000])
    assert told(source(), '\n'.join(lines(1, 400)))


def test_held_out_text_of_one_of_several_kinds_gives_no_warning():
    prose, digits = [' '.join(lines(seed, 800)) for seed in (0, 1)], ' '.join(str(k * 7919 % 9973) for k in range(2000))
    train = prose[0] + source('data/*.py')[:6000] + prose[1]
    assert told(train, source('model/*.py')[:4000]) is None
    assert told(train, digits) and told(prose[0] + prose[1], source('model/*.py')[:4000])


def test_one_warning_with_a_remedy(cli, tmp_path):
    path = tmp_path / 'sorted.txt'
    path.write_text('\n'.join(sorted(lines())))
    args = ('--engine', 'batched', '--hidden-size', 8, '--iterations', 20, '--sample-length', 0)
    for more in ((), ('--out', tmp_path / 'run')):
        code, _, err = cli('train', path, *args, '--validation', '10%', *more)
        assert code == 0 and len(re.findall('warning: the held-out text is very unlike the training text', err)) == 1
        assert 'shuffle' in err and '--validation FILE' in err
    assert cli('train', '--resume', tmp_path / 'run', '--iterations', 25)[2].count('unlike') == 0
    assert 'unlike' not in cli('train', path, *args)[2]
    with pytest.warns(RuntimeWarning, match='very unlike'):
        fastrnn.train(path, hidden_size=8, validation=0.1)
