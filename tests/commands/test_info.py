"""``fastrnn info``."""

from fastrnn import __version__


def test_info(cli):
    code, out, err = cli('info')
    assert (code, err) == (0, '')
    facts = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert facts['fastrnn'] == __version__
    assert facts['bits'].startswith('identical to the reference: ')
    assert {'python', 'numpy', 'numba', 'processor', 'gemv', 'tanh', 'exp', 'log', 'kernels'} <= set(facts)


def test_info_where_bits_differ(cli, portable):
    code, out, _ = cli('info')
    assert code == 0 and 'bits         NOT identical: ' in out and 'portable (FASTRNN_PORTABLE=1)' in out
