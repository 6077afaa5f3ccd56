"""The weights of the best model of a kept run: in ``best.safetensors``, which is written with its checkpoint."""

import warnings
from pathlib import Path

from ..model.checkpoint import load_weights
from ..model.params import Params
from ..model.run_files import BEST


class InFolder:
    """Reads the best model from its file each time: no copy stays in memory."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / BEST

    def keep(self, params: Params, bits: float) -> None:
        """Nothing to do: its checkpoint is saved before the next iteration."""

    def take(self, bits: float) -> Params | None:
        """The best model; None, with a warning, if the file is missing, damaged or of another model."""
        try:
            params, found = load_weights(self._path)
            if found == bits:
                return params
            problem = f"{self._path}: not this run's best model"
        except ValueError as error:
            problem = str(error).partition(';')[0]
        warnings.warn(f'{problem}; using the last model instead', RuntimeWarning, stacklevel=2)
        return None
