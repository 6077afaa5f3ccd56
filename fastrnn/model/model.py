"""A model: weights and the vocabulary."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..data.characters import in_order
from ..data.vocabulary import Vocabulary, check_vocabulary
from .about import About
from .arrays import params_from
from .foreign import listed, named_arrays
from .params import Floats, Params
from .torch_names import torch_views


@dataclass(frozen=True)
class Model:
    """Weights and the vocabulary: all that is needed to use a model on text."""

    params: Params  # views by name, Whh and the like
    chars: str  # character k of the vocabulary
    unit: str = 'character'
    about: About = field(default_factory=About, compare=False)  # where it comes from, as far as its file tells

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.chars, self.unit)

    @classmethod
    def from_arrays(
        cls, chars: Any, state_dict: Any = None, *, unit: str = 'character', ngrams: int | None = None, **arrays: Any
    ) -> 'Model':
        """Create a model from arrays that a script or another program has trained.

        Parameters
        ----------
        chars : str, sequence of str, or dict
            The characters in the order of their numbers, or a dict from characters to numbers, or from numbers to
            characters: the gist's ``chars``, ``char_to_ix`` or ``ix_to_char``.
        state_dict : mapping of str to array, or torch.nn.Module, optional
            Arrays by name; the same may be given as keywords. Arrays are those of NumPy, PyTorch or JAX, or lists, and
            are copied. The model is in float64 if one of them is, else in float32.
        unit : str
            'character', or 'byte', whose characters are chr(0) to chr(255).
        ngrams : int, optional
            The highest order of the rows in ``ngrams.weight``, if present.
        **arrays
            The gist's five arrays: ``Wxh`` (H, V), ``Whh`` (H, H), ``Why`` (V, H), ``bh`` (H, 1) or (H,), and ``by``
            (V, 1) or (V,).

        Returns
        -------
        Model
            As ``load_model`` returns it; ``save_model`` writes it.

        Raises
        ------
        ValueError
            In one line, for arrays or characters that do not form a model.

        Notes
        -----
        A PyTorch network must have one RNN (tanh), GRU or LSTM of 1 to 8 layers, and one Linear layer to the logits,
        whatever their names in the network are. Its input is one-hot, or comes from an Embedding, which is multiplied
        into ``weight_ih_l0``. PyTorch's two biases are summed, where the cell is the same with one. A state dict does
        not tell ``nonlinearity='relu'`` from tanh: pass the network itself, and it is refused.
        """
        characters = in_order(chars)
        check_vocabulary(characters, unit)
        named = {} if state_dict is None else named_arrays(state_dict)
        if twice := named.keys() & arrays.keys():
            raise ValueError(f'{listed(twice)}: both in the state dict and a keyword; pass each array once')
        return cls(params_from({**named, **arrays}, len(characters), ngrams), characters, unit)

    def arrays(self) -> dict[str, Floats]:
        """The weights by name: the gist's names for one tanh layer, else PyTorch's, as in ``fastrnn.save_model``.

        They are views: writing to them changes the model. Only PyTorch's ``bias_hh`` is a read-only copy: it is 0
        except in the last gate of a GRU, whose biases are ``params.bhn``.
        """
        return self.params.by_gist_name if self.params.architecture.is_gist else torch_views(self.params)

    def __repr__(self) -> str:
        params = self.params
        return f'<fastrnn.Model: {params.architecture.words}, {params.V:,} {self.unit}s, {params.flat.dtype}>'


def check_model(value: object) -> None:
    """Raise ValueError, in one line, if it is not a model, such as the name of a file."""
    if not isinstance(value, Model):
        raise ValueError(f'the model is a {type(value).__name__}; pass what fastrnn.load_model(path) returns')
