"""The models of bench/peers.py in PyTorch, as a competent user would write them: its fused layers and optimizers."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peers_cases import Case, Steps, Tensors

LAYERS = {'rnn': torch.nn.RNN, 'gru': torch.nn.GRU, 'lstm': torch.nn.LSTM}


def make_network(case: Case, tensors: Tensors, V: int) -> Any:
    torch.set_num_threads(case.threads)
    parts = {'rnn': LAYERS[case.cell](V, case.H, case.layers), 'output': torch.nn.Linear(case.H, V)}
    network = torch.nn.ModuleDict(parts).to(getattr(torch, case.dtype))
    network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})
    return network


def keep_one_bias(rnn: Any, case: Case) -> None:
    """Train one bias per gate, as fastrnn does: of bias_hh only the part that a GRU multiplies by r."""
    for name, bias in rnn.named_parameters():
        if not name.startswith('bias_hh'):
            continue
        if case.cell != 'gru':
            bias.requires_grad_(False)
            continue
        mask = torch.zeros_like(bias)
        mask[2 * case.H :] = 1
        bias.register_hook(mask.mul)


def make_steps(case: Case, tensors: Tensors, ids: NDArray[Any], V: int) -> Steps:
    network = make_network(case, tensors, V)
    rnn, output = network['rnn'], network['output']
    keep_one_bias(rnn, case)
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer = (
        torch.optim.Adam(trained, lr=case.rate, betas=(0.9, 0.99), fused=True)
        if case.optimizer == 'adam'
        else torch.optim.Adagrad(trained, lr=case.rate)
    )
    one_hot = torch.eye(V, dtype=getattr(torch, case.dtype))
    length, T = ids.size // case.B, case.T
    text = torch.from_numpy(ids[: length * case.B].astype(np.int64))
    streams = text.view(case.B, length).t().contiguous()  # (length, B)
    p, state = 0, None

    def step() -> float:
        nonlocal p, state
        if p + T + 1 >= length:
            p, state = 0, None
        hs, state = rnn(one_hot[streams[p : p + T]], state)
        targets = streams[p + 1 : p + T + 1].reshape(-1)
        loss = torch.nn.functional.cross_entropy(output(hs).view(-1, V), targets, reduction='sum') / case.B
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_value_(trained, 5.0)
        optimizer.step()
        p, state = p + T, tuple(s.detach() for s in state) if case.cell == 'lstm' else state.detach()
        return float(loss.item())

    return lambda count: np.array([step() for _ in range(count)])


# --- one stream, character by character -----------------------------------------------------------------------------

Step = Callable[[Any, Any], tuple[Any, Any]]  # an id (1,) and a state (None: zeros) -> logits (1, V), the next state


def layer_step(case: Case, tensors: Tensors, V: int) -> Step:
    """A step with the layer that trained, with sequences of length one."""
    network, one_hot = make_network(case, tensors, V), torch.eye(V)
    rnn, output = network['rnn'], network['output']

    def step(ix: Any, state: Any) -> tuple[Any, Any]:
        h, state = rnn(one_hot[ix], state)
        return output(h), state

    return step


def cell_step(case: Case, tensors: Tensors, V: int) -> Step:
    """A step with nn.LSTMCell and the layer's weights."""
    network, one_hot = make_network(case, tensors, V), torch.eye(V)
    cell, output = torch.nn.LSTMCell(V, case.H), network['output']
    cell.load_state_dict({name.removesuffix('_l0'): value for name, value in network['rnn'].state_dict().items()})

    def step(ix: Any, state: Any) -> tuple[Any, Any]:
        state = cell(one_hot[ix], state)
        return output(state[0]), state

    return step


def draw(step: Step, first: int, count: int) -> list[int]:
    """``count`` ids at temperature 1, after a first one."""
    ix, state, drawn = torch.tensor([first]), None, []
    with torch.inference_mode():
        for _ in range(count):
            logits, state = step(ix, state)
            ix = torch.multinomial(torch.softmax(logits[0], 0), 1)
            drawn.append(ix)
        return [int(ix) for ix in torch.cat(drawn)]


def bits_per_character(step: Step, ids: NDArray[Any]) -> float:
    """Mean surprisal of each id after the first, from the zero state."""
    state, total = None, 0.0
    with torch.inference_mode():
        for ix, target in pairwise(ids):
            logits, state = step(torch.tensor([int(ix)]), state)
            total -= float(torch.log_softmax(logits[0], 0)[int(target)])
    return total / math.log(2) / (len(ids) - 1)


def large_product(A: NDArray[Any], threads: int) -> Callable[[], Any]:
    torch.set_num_threads(threads)
    matrix = torch.from_numpy(A)
    return lambda: matrix @ matrix
