"""A model, or a whole training state, to and from disk: one safetensors file.

Tensors of the gist's model, format 1: ``Wxh Whh Why bh by`` in the gist's shapes; of any other, format 2: PyTorch's
(``torch_names.py``); of one with rows of n-grams, format 3, also ``ngrams.weight``, as ``kernels/batched/ngrams.py``
finds them. Of a state also the optimizer's memory (``mWxh`` ..., with Adam ``vWxh`` ...; in format 2
``m.rnn.weight_ih_l0`` ...), ``hprev`` (L*states*H, B) and the generator's ``rng``. All else is JSON in the metadata.
"""

import json
import math
import os
import warnings
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data.vocabulary import check_vocabulary
from ..errors import Diverged
from .about import About, about_from, about_state
from .architecture import NGRAMS, Architecture
from .metadata import read_metadata
from .model import Model, check_model
from .params import Params
from .run_files import BEST, checkpoints, model_file
from .safetensors_file import Damage, Tensors, read, write
from .state import MOMENTS, TrainState
from .torch_names import from_torch_tensors, torch_tensors

ARRAYS = ('params', 'moments', 'hidden', 'rng')
TORCH = ('rnn.', 'output.')  # what the names of a model's tensors begin with in format 2
NUMBERS = tuple(field.name for field in fields(TrainState) if field.name not in ARRAYS)  # kept as JSON
DTYPES = (np.float32, np.float64)
# of them, those that are not in older checkpoints
NEW = ('loss_sum', 'losses', 'worse', 'best_iteration', 'best_whole', 'report_sum', 'report_losses')


@dataclass(frozen=True)
class Checkpoint:
    """A model, and the state that its training needs to resume."""

    model: Model
    state: TrainState
    config: dict[str, Any]  # fields of Config
    text: dict[str, Any]  # sha256 and characters of the training text, and of the held-out text
    unlogged: tuple[dict[str, Any], ...] = ()  # records that could not be written to the run's log
    best: bool = False  # the best so far, saved in a rescue


def save_model(path: str | Path, model: Model) -> None:
    """Write the weights under the gist's names or PyTorch's, and the vocabulary as metadata.

    The file appears whole or not at all; one that was there stays until then. Raises ValueError for weights that
    are not finite (Diverged) or could not be read again, OSError where it can't be written.
    """
    check_model(model)
    if not model.params.finite:
        raise Diverged('the weights have inf or NaN, so they are not saved: take a smaller --learning-rate')
    facts = {} if model.about == About() else {'about': model.about.as_json}
    write(Path(path), _shaped(model.params), _described(model) | facts)


def save_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Write a whole state, as ``save_model`` does. Raises Diverged if a number in it is not finite."""
    state = checkpoint.state
    if not state.finite:
        what = f'the weights have inf or NaN at iteration {state.iteration}'
        raise Diverged(f'{what}: take a smaller --learning-rate', state.iteration, what)
    tensors = _shaped(checkpoint.model.params)
    for letter, moment in state.moments.items():
        prefix = _prefix(moment.architecture, letter)
        tensors |= {prefix + name: tensor for name, tensor in _shaped(moment).items()}
    rng = dict(state.rng)
    key = rng['state']['key']
    tensors |= {'hprev': np.ascontiguousarray(state.hidden.T), 'rng': key}
    numbers = {name: getattr(state, name) for name in NUMBERS}
    numbers['rng'] = {'pos': rng['state']['pos'], 'has_gauss': rng['has_gauss'], 'gauss': rng['gauss']}
    facts: dict[str, Any] = {'state': numbers, 'config': checkpoint.config, 'text': checkpoint.text}
    if checkpoint.unlogged:
        facts['unlogged'] = checkpoint.unlogged
    if checkpoint.best:
        facts['best'] = True
    metadata = _described(checkpoint.model) | {name: json.dumps(value) for name, value in facts.items()}
    write(Path(path), tensors, metadata)


def load_model(path: str | Path) -> Model:
    """Read a model of any cell, from a run folder its best one; of a checkpoint, the weights alone.

    Its parameters keep the file's dtype. Raises ValueError, in one line, for a file that holds none or is damaged.
    """
    place = model_file(Path(path))
    try:
        tensors, metadata = read(place)
    except ValueError as error:
        others = [other for other in checkpoints(Path(path)) if other != place] if os.path.isdir(path) else []
        if not others:
            raise
        raise ValueError(f'{error}; another is there: {others[-1]}') from error
    with Damage(place):
        model = _as_model(tensors, metadata)
        model = replace(model, about=_about(metadata, checkpoints(Path(path)) if place != Path(path) else []))
        last = place != Path(path) and place.name != BEST
        strange = place != Path(path) and place.name == BEST and _of_another_text(metadata, Path(path))
        validated = last and json.loads(metadata['state'])['best'] is not None
    if validated:
        note = f'{path}: {BEST} is missing, so {place.name} is used, which may be worse'
        warnings.warn(note, RuntimeWarning, stacklevel=2)
    if strange:
        note = f'{path}: {BEST} is for another text than the other checkpoints; name the file to use'
        warnings.warn(note, RuntimeWarning, stacklevel=2)
    return model


def _of_another_text(metadata: dict[str, str], folder: Path) -> bool:
    """True if a run folder's newest checkpoint is of another text."""
    newest = checkpoints(folder)[-1:]
    other = read_metadata(newest[0]).get('text') if newest else None
    if other is None:
        return False
    then, now = json.loads(metadata['text']), json.loads(other)
    return any(name in then and name in now and then[name] != now[name] for name in ('sha256', 'held_out_sha256'))


def load_weights(path: Path) -> tuple[Params, float | None]:
    """The weights of a checkpoint, and its best validation. Raises ValueError as ``load_checkpoint`` does."""
    tensors, metadata = read(path)
    with Damage(path):
        best = json.loads(metadata['state'])['best']
        return _as_model(tensors, metadata).params, best


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a whole state; raises ValueError, in one line, for a file that holds none."""
    tensors, metadata = read(Path(path))
    if 'state' not in metadata:
        raise ValueError(f'{path}: holds a model, but not the state of its training; start a new run with --from')
    with Damage(path):
        model = _as_model(tensors, metadata)
        config, text = dict(json.loads(metadata['config'])), dict(json.loads(metadata['text']))
        _check_fits(config, model.params, tensors)
        state = _as_state(model.params, tensors, config['optimizer'], json.loads(metadata['state']))
        unlogged = tuple(map(dict, json.loads(metadata.get('unlogged', '[]'))))
        return Checkpoint(model, state, config, text, unlogged, json.loads(metadata.get('best', 'false')) is True)


def _shaped(params: Params) -> Tensors:
    """Contiguous, under the names and in the shapes of files."""
    if not params.architecture.is_gist:
        return torch_tensors(params)
    return {name: np.ascontiguousarray(view) for name, view in params.by_gist_name.items()}


def _prefix(architecture: Architecture, letter: str) -> str:
    """Of the names of a moment."""
    return letter if architecture.is_gist else f'{letter}.'


def _described(model: Model) -> dict[str, str]:
    """The vocabulary as a list, as JSON would merge a high and a low surrogate that are neighbours in a string."""
    architecture = model.params.architecture
    _check_readable(model)
    facts = {'vocabulary': json.dumps(list(model.chars)), 'unit': model.unit}
    if architecture.is_gist:
        return {'format': '1', **facts}
    facts |= {'cell': architecture.cell, 'layers': str(architecture.layers)}
    if architecture.ngrams:
        return {'format': '3', **facts, 'ngrams': str(architecture.ngrams)}
    return {'format': '2', **facts}


def _check_readable(model: Model) -> None:
    """Raise ValueError for a model whose file ``load_model`` would refuse."""
    check_vocabulary(model.chars, model.unit)
    params = model.params
    if len(model.chars) != params.V:
        raise ValueError(f'the model has {len(model.chars):,} characters, but weights for {params.V:,}')
    if params.flat.dtype.newbyteorder('=') not in DTYPES:
        raise ValueError(f'the weights are {params.flat.dtype}: save them as float32 or float64, with params.astype')


def _about(metadata: dict[str, str], later: list[Path]) -> About:
    """Facts in a file about its model; files of earlier versions have fewer.

    ``later``: checkpoints of the same run. The last one knows the bits of the best model on the whole held-out text.
    """
    if 'state' not in metadata:
        return about_from(json.loads(metadata.get('about', '{}')))
    text, state, config = (dict(json.loads(metadata[name])) for name in ('text', 'state', 'config'))
    if later and config.get('validate_part') is not None:
        last = json.loads(read_metadata(later[-1]).get('state', '{}'))
        if all(last.get(name) == state.get(name) for name in ('best', 'best_iteration')):
            state = state | {'best_whole': last.get('best_whole')}
    return about_state(text, state, config)


def _as_model(tensors: Tensors, metadata: dict[str, str]) -> Model:
    chars = json.loads(metadata['vocabulary'])
    if not isinstance(chars, list) or not all(isinstance(char, str) and len(char) == 1 for char in chars):
        raise ValueError('the vocabulary is not one')
    unit = metadata['unit']
    check_vocabulary(''.join(chars), unit)
    if metadata['format'] == '1':
        cell, layers, recurrent = 'rnn', '1', tensors['Whh']
    else:
        cell, layers, recurrent = metadata['cell'], metadata['layers'], tensors['rnn.weight_hh_l0']
    if len(layers) != 1 or layers not in '12345678' or recurrent.ndim != 2 or not recurrent.size:
        raise ValueError(f'{layers[:20]!r} layers, weights of shape {recurrent.shape}')
    if recurrent.dtype not in DTYPES:
        raise ValueError(f'numbers of type {recurrent.dtype}')
    architecture = Architecture(cell, int(layers), recurrent.shape[1], len(chars), *_rows(tensors, metadata))
    if architecture.is_gist != (metadata['format'] == '1'):
        raise ValueError('a model of format 1 in format 2')
    more = [name for name in tensors if name.startswith(TORCH) and name not in architecture.file_shapes]
    if more:
        raise ValueError(f'{cell} of {layers} layers with {more[0][:40]}')
    return Model(_as_params(architecture, recurrent.dtype, tensors), ''.join(chars), unit)


def _rows(tensors: Tensors, metadata: dict[str, str]) -> tuple[int, int]:
    """The highest order of n-grams, and their rows for each order."""
    if metadata['format'] != '3':
        return 0, 0
    ngrams, rows = metadata['ngrams'], len(tensors[NGRAMS])
    if len(ngrams) != 1 or ngrams not in '2345678' or not rows or rows % (int(ngrams) - 1):
        raise ValueError(f'{rows:,} rows of {ngrams[:20]!r}-grams')
    return int(ngrams), rows // (int(ngrams) - 1)


def _as_params(architecture: Architecture, dtype: Any, tensors: Tensors, prefix: str = '') -> Params:
    shapes = architecture.file_shapes
    named = {name: tensors[prefix + name] for name in shapes}
    for name, array in named.items():  # before anything is allocated: a file can speak of sizes that it has not
        if array.shape != shapes[name] or array.dtype != dtype:
            there = f'shape {array.shape} and type {array.dtype}'
            raise ValueError(f'{prefix}{name} has {there}, not {shapes[name]} and {dtype}')
    if architecture.is_gist:
        params = Params(architecture, dtype)
        for name, view in params.by_gist_name.items():
            view[...] = named[name]
    else:
        params = from_torch_tensors(architecture, named, dtype)
    if not params.finite:
        raise ValueError(f'{prefix or "weights"} with numbers that are not finite')
    return params


def _check_fits(config: dict[str, Any], params: Params, tensors: Tensors) -> None:
    """Raise ValueError where the tensors are not those of a run so configured."""
    optimizer, architecture = config['optimizer'], params.architecture
    if not isinstance(optimizer, str) or optimizer not in MOMENTS:
        raise ValueError(f'the optimizer is {optimizer!r}')
    names, moved = architecture.file_shapes, architecture.without_rows
    moments = {_prefix(moved, letter) + name for letter in MOMENTS[optimizer] for name in moved.file_shapes}
    if set(tensors) != {*names, *moments, 'hprev', 'rng'}:
        raise ValueError(f'not the tensors of a run by {optimizer}')
    shape = architecture.state_shape(config['streams'])
    asked_for = [config.get('cell', 'rnn'), config.get('layers', 1), config['hidden_size'], config['dtype']]
    there = [architecture.cell, architecture.layers, architecture.H, params.flat.dtype.name]
    if architecture.ngrams or config.get('ngrams', 0) > 1:
        asked_for += [config.get('ngrams'), config.get('ngram_rows')]
        there += [architecture.ngrams, architecture.ngram_rows]
    if tensors['hprev'].T.shape != shape or asked_for != there:
        raise ValueError(f'hprev has shape {tensors["hprev"].shape}, or the configuration is of another run')


def _as_state(params: Params, tensors: Tensors, optimizer: str, numbers: dict[str, Any]) -> TrainState:
    architecture, dtype, rng = params.architecture, params.flat.dtype, numbers['rng']
    hprev, key = tensors['hprev'], tensors['rng']
    if hprev.dtype != dtype or not np.isfinite(hprev).all():
        raise ValueError('hprev does not fit')
    pos, has_gauss, gauss = rng['pos'], rng['has_gauss'], rng['gauss']
    whole = key.shape == (624,) and key.dtype == np.uint32 and type(pos) is type(has_gauss) is int
    if not whole or not 0 <= pos <= 624 or has_gauss not in (0, 1) or not math.isfinite(gauss):
        raise ValueError('the state of the generator does not fit')
    generator: dict[str, Any] = {'bit_generator': 'MT19937', 'state': {'key': key, 'pos': pos}}
    generator |= {'has_gauss': has_gauss, 'gauss': float(gauss)}
    letters = MOMENTS[optimizer]
    moved = architecture.without_rows
    moments = {letter: _as_params(moved, dtype, tensors, _prefix(moved, letter)) for letter in letters}
    state = TrainState(
        params=params,
        moments=moments,
        hidden=np.ascontiguousarray(hprev.T),
        rng=generator,
        **{name: numbers[name] for name in NUMBERS if name in numbers or name not in NEW},
    )
    counts = [state.position, state.steps, state.iteration, state.halvings, state.log_lines, state.losses, state.worse]
    counts += [state.report_losses, *([] if state.best_iteration is None else [state.best_iteration])]
    if not all(type(count) is int and 0 <= count < 2**62 for count in counts) or type(state.verified) is not bool:
        raise ValueError('impossible counts')
    reals = [state.smooth_loss, state.loss_sum, state.report_sum, state.seconds]
    reals += [best for best in (state.best, state.best_whole) if best is not None]
    if not all(type(real) is float and math.isfinite(real) for real in reals) or not state.finite:
        raise ValueError('impossible numbers')
    return state
