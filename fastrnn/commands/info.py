"""``fastrnn info``: what this machine gives."""

EXAMPLE = 'Example: fastrnn info'


def info() -> None:
    """Tell versions, processor, BLAS and loops, and whether the bits are the reference's on this machine."""
    from ..engines import diagnosis
    from ..parallel.launcher import foremost

    facts = diagnosis.facts()
    if not foremost():
        return
    for name, value in facts.items():
        print(f'{name:<12} {value}')
    print(f'{"bits":<12} {diagnosis.compare_with_reference()}')
