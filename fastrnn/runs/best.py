"""The weights of the best model of a kept run: in ``best.safetensors``, which is written with its checkpoint."""

import warnings
from pathlib import Path

from ..model.checkpoint import load_weights
from ..model.params import Params
from ..model.run_files import BEST


class InFolder:
    """Read anew each time: memory holds no copy."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / BEST

    def keep(self, params: Params, bits: float) -> None:
        """Its checkpoint is saved before the next iteration."""

    def take(self, bits: float) -> Params | None:
        """None, with a warning, where the file is gone, damaged or not that model's."""
        try:
            params, found = load_weights(self._path)
            if found == bits:
                return params
            problem = f'{self._path}: its model is not the best of this run'
        except ValueError as error:
            problem = str(error).partition(';')[0]
        warnings.warn(f'{problem}; the last model is taken in its place', RuntimeWarning, stacklevel=2)
        return None
