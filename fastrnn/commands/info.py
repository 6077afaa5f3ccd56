"""``fastrnn info``: what this machine gives."""

from .command import command

EXAMPLE = 'Example: fastrnn info'


@command(synonyms='doctor env diagnose', epilog=EXAMPLE)
def info() -> None:
    """Show versions, and check that results are bit-identical here.

    The exact engine trains a small model, which is compared bit for bit with the reference's.
    """
    from ..engines import diagnosis
    from ..parallel.launcher import foremost

    facts = diagnosis.facts()
    if not foremost():
        return
    for name, value in facts.items():
        print(f'{name:<12} {value}')
    print(f'{"bits":<12} {diagnosis.compare_with_reference()}')
