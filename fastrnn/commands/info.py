"""``fastrnn info``: what this machine gives."""

EXAMPLE = 'Example: fastrnn info'


def info() -> None:
    """Tell versions, processor, BLAS and loops, and whether the bits are the reference's on this machine."""
    from ..engines import diagnosis

    for name, value in diagnosis.facts().items():
        print(f'{name:<12} {value}')
    print(f'{"bits":<12} {diagnosis.compare_with_reference()}')
