"""What differs between runs that are shown together."""

from logs import records

from fastrnn.runs.differences import differences, in_words, labels
from fastrnn.runs.facts import Facts


def facts(asked, **decided):
    values = {'engine': 'batched', 'cell': 'lstm', 'layers': 1, 'hidden_size': 64, 'seed': 5, 'learning_rate': 0.01}
    values |= decided | {name: value for name, value in asked.items() if name != 'preset'}
    kind = {'cell': values['cell'], 'layers': values['layers'], 'H': values['hidden_size']}
    return Facts(values['engine'], **kind, asked=asked, decided=values, text='a.txt', validation='0.1')


def test_only_what_was_asked_for_and_differs():
    """A rate that follows from H, a seed that was drawn, intervals and ends are nobody's question."""
    one = facts({'learning_rate': 0.01, 'seed': 1, 'dropout': 0.1, 'print_every': 5, 'time': 5.0}, weight_decay=0.1)
    two = facts({'learning_rate': 0.015625, 'seed': 1, 'print_every': 9, 'time': 6.0}, dropout=0.0, weight_decay=0.3)
    assert differences([one, two]) == {'dropout': ['0.1', '0'], 'learning_rate': ['0.01', '0.01562']}
    assert labels([one, two]) == ['dropout 0.1, learning rate 0.01', 'dropout 0, learning rate 0.01562']
    assert differences([facts({}), facts({}, seed=7)]) == {} == differences([one]) == differences([])


def test_seeds_presets_and_texts():
    one, two = facts({'seed': 1, 'preset': 'fast'}), facts({'preset': 'reference'}, seed=9)
    assert differences([one, two]) == {'preset': ['fast', 'reference'], 'seed': ['1', '-']}
    assert in_words(differences([one, two]), 1) == []
    other = Facts('batched', 'lstm', 1, 64, text='b.txt')
    assert differences([facts({}), other]) == {'text': ['a.txt', 'b.txt'], 'validation': ['0.1', '-']}


def test_models_and_engines():
    one, two = facts({'hidden_size': 64}), facts({'hidden_size': 128}, learning_rate=0.005)
    assert differences([one, two]) == {} and labels([one, two]) == ['lstm H=64', 'lstm H=128']
    assert labels([one]) == labels([one, one])[:1] == ['batched, lstm H=64']
    assert labels([one, facts({'engine': 'exact'})]) == ['batched', 'exact']


def test_before_0_2_what_was_asked_is_what_is_not_the_gists(logged):
    runs = [Facts.read(logged(name, records(3), learning_rate=rate)) for name, rate in (('a', 0.1), ('b', 0.2))]
    assert differences(runs) == {'learning_rate': ['0.1', '0.2']}


def test_runs_of_other_programs():
    """They differ by their engine and model; what they do not say is no difference."""
    runs = [facts({'engine': 'batched', 'seed': 1}), Facts('PyTorch', 'lstm', 1, 256, asked={'engine': 'PyTorch'})]
    assert differences(runs) == {'engine': ['batched', 'PyTorch']}
