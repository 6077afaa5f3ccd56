"""PyTorch computes the same from the same file, whatever the cell and the depth; gradients and steps of AdamW too.

Skipped where PyTorch is not installed (``pip install '.[torch]'``). It is imported inside tests, as that takes seconds.
"""

import numpy as np
import pytest
from helpers import SONNETS

import fastrnn
from fastrnn.data.corpus import Corpus
from fastrnn.engines.batched import BETA1, BETA2, EPSILON, BatchedEngine
from fastrnn.engines.batched_streams import BatchedStreams
from fastrnn.model.architecture import CELLS as KINDS
from fastrnn.model.checkpoint import load_model, save_model
from fastrnn.model.run_files import checkpoints
from fastrnn.model.torch_names import from_torch_tensors, torch_tensors
from fastrnn.settings.options import Settings

pytestmark = pytest.mark.long
TEXT = SONNETS.read_text(encoding='utf-8')
CELLS = [(cell, layers) for cell in KINDS for layers in (1, 2, 3)]
OPTIONS = {'engine': 'batched', 'optimizer': 'adam', 'learning_rate': 0.01, 'init': 'scaled', 'seed': 0}
TOLERANCE = 1e-5  # of logits, in float32


@pytest.fixture(scope='module')
def torch():
    return pytest.importorskip('torch')


def network(torch, architecture):
    """As a user of PyTorch would write it: its own modules, nothing about ours."""
    kind = {'rnn': torch.nn.RNN, 'gru': torch.nn.GRU, 'lstm': torch.nn.LSTM}[architecture.cell]
    rnn = kind(architecture.V, architecture.H, num_layers=architecture.layers)
    return torch.nn.ModuleDict({'rnn': rnn, 'output': torch.nn.Linear(architecture.H, architecture.V)})


def in_torchs_names(torch, tensors):
    """A file's tensors; those of one tanh layer, which have the gist's names, as the README tells it."""
    if 'Whh' not in tensors:
        return tensors
    return {
        'rnn.weight_ih_l0': tensors['Wxh'],
        'rnn.weight_hh_l0': tensors['Whh'],
        'rnn.bias_ih_l0': tensors['bh'][:, 0],
        'rnn.bias_hh_l0': torch.zeros(len(tensors['bh'])),
        'output.weight': tensors['Why'],
        'output.bias': tensors['by'][:, 0],
    }


def logits_of(torch, net, ids):
    """(n, V), from zero states."""
    inputs = torch.nn.functional.one_hot(torch.tensor(ids.astype(np.int64)), net['rnn'].input_size).float()
    with torch.no_grad():
        return net['output'](net['rnn'](inputs)[0]).double()


def log_probabilities(params, ids):
    """(n, V), by the kernel that scores texts: a stream for each character that could follow."""
    (n,), V = ids.shape, params.V
    inputs, targets = (np.array(np.broadcast_to(a, (n, V)), np.uint32) for a in (ids[:, None], np.arange(V)))
    return -BatchedStreams(params, V).score(inputs, targets)


@pytest.mark.parametrize(('cell', 'layers'), CELLS)
def test_a_trained_model(tmp_path, torch, cell, layers):
    """The file into load_state_dict, strictly and as it is: the same logits (but for the constant that a softmax
    drops) at each of 1,000 characters, and the same surprisals."""
    from safetensors.torch import load_file

    sizes = {'cell': cell, 'layers': layers, 'hidden_size': 40, 'streams': 8, 'seq_length': 20, 'iterations': 60}
    run = fastrnn.train(TEXT, **OPTIONS, **sizes, dtype='float32', dropout=0.1)
    for _ in run:
        pass
    save_model(tmp_path / 'model', run.model)
    model = load_model(tmp_path / 'model')
    net = network(torch, model.params.architecture)
    net.load_state_dict(in_torchs_names(torch, load_file(tmp_path / 'model')))
    ids = model.vocabulary.encode(TEXT[:1001])
    theirs = torch.log_softmax(logits_of(torch, net, ids[:-1]), -1).numpy()
    assert -theirs[np.arange(1000), ids[1:]].mean() < 0.9 * np.log(model.params.V)  # it has learned something
    assert np.abs(theirs - log_probabilities(model.params, ids[:-1])).max() < TOLERANCE
    bits = fastrnn.surprisals(model, TEXT[:1001]).bits[1:]
    assert np.abs(-theirs[np.arange(1000), ids[1:]] - bits * np.log(2)).max() < TOLERANCE


@pytest.mark.parametrize(('cell', 'layers'), [('gru', 2), ('lstm', 1)])
def test_a_checkpoint_of_a_run(tmp_path, torch, cell, layers):
    """With what else is in it, by the names that PyTorch asks for."""
    from safetensors.torch import load_file

    sizes = {'cell': cell, 'layers': layers, 'hidden_size': 40, 'streams': 8, 'seq_length': 20, 'iterations': 20}
    with fastrnn.start(tmp_path / 'run', SONNETS, **OPTIONS, **sizes, dtype='float32') as run:
        for _ in run:
            pass
    path = checkpoints(tmp_path / 'run')[-1]
    net = network(torch, load_model(path).params.architecture)
    missing, others = net.load_state_dict(load_file(path), strict=False)
    assert not missing and {name.split('.')[0] for name in others} == {'m', 'v', 'hprev', 'rng'}
    ids = load_model(path).vocabulary.encode(TEXT[:200])
    theirs = torch.log_softmax(logits_of(torch, net, ids), -1).numpy()
    assert np.abs(theirs - log_probabilities(load_model(path).params, ids)).max() < TOLERANCE


def somebodys_network(torch, cell, V, embedded, dtype):
    """Two layers, all biases not 0, batch_first, names of their own."""

    class CharModel(torch.nn.Module):
        def __init__(self):
            super().__init__()
            if embedded:
                self.encoder = torch.nn.Embedding(V, embedded)
            kind = {'rnn': torch.nn.RNN, 'gru': torch.nn.GRU, 'lstm': torch.nn.LSTM}[cell]
            self.recurrent = kind(embedded or V, 40, num_layers=2, batch_first=True, dropout=0.1)
            self.decoder = torch.nn.Linear(40, V)

        def forward(self, ids):
            x = self.encoder(ids) if embedded else torch.nn.functional.one_hot(ids, V).to(self.decoder.weight.dtype)
            return self.decoder(self.recurrent(x)[0])

    torch.manual_seed(0)
    net = CharModel().to(dtype).eval()
    with torch.no_grad():
        for param in net.parameters():
            param.normal_(std=0.1)  # more, and a tanh network magnifies roundings
    return net


@pytest.mark.parametrize('embedded', [0, 16, 40])
@pytest.mark.parametrize('dtype', ['float32', 'float64', 'bfloat16', 'float16'])
@pytest.mark.parametrize('cell', KINDS)
def test_a_network_trained_elsewhere(tmp_path, torch, cell, embedded, dtype):
    """Its tensors make a model, whose file is as good as any, with the network's logits."""
    vocabulary = Corpus.of(TEXT).chars
    net = somebodys_network(torch, cell, len(vocabulary), embedded, getattr(torch, dtype))
    model = fastrnn.Model.from_arrays(vocabulary, net.state_dict())
    assert (
        model == fastrnn.Model.from_arrays(vocabulary, net) == fastrnn.Model.from_arrays(vocabulary, **net.state_dict())
    )
    assert model.params.flat.dtype == ('float64' if dtype == 'float64' else 'float32')
    save_model(tmp_path / 'model', model)
    model = load_model(tmp_path / 'model')
    ids = np.asarray(model.vocabulary.encode(TEXT[:300]))
    net = net.to(torch.float64)
    with torch.no_grad():
        logits = net(torch.tensor(ids.astype(np.int64))[None])[0]
    theirs = torch.log_softmax(logits, -1).numpy()
    assert np.abs(theirs - log_probabilities(model.params, ids)).max() < TOLERANCE
    arrays = {name: torch.tensor(array) for name, array in model.arrays().items()}
    ours = network(torch, model.params.architecture).to(arrays['output.bias'].dtype)
    ours.load_state_dict(arrays)  # strictly
    again = torch.log_softmax(logits_of(torch, ours.float(), ids), -1).numpy()
    assert np.abs(theirs - again).max() < TOLERANCE


def test_networks_that_are_refused(torch):
    relu = torch.nn.Sequential(torch.nn.RNN(5, 4, nonlinearity='relu'), torch.nn.Linear(4, 5))
    with pytest.raises(ValueError, match=r"^the network has nonlinearity='relu'; fastrnn only has tanh$"):
        fastrnn.Model.from_arrays('abcde', relu)
    others = {'bidirectional': {'bidirectional': True}, 'projections': {'proj_size': 2}}
    for words, setting in others.items():
        net = torch.nn.Sequential(torch.nn.LSTM(5, 4, **setting), torch.nn.Linear(4, 5))
        with pytest.raises(ValueError, match=f'^0.weight_[a-z0-9_]*: .*{words}'):
            fastrnn.Model.from_arrays('abcde', net.state_dict())


class Trainer:
    """Our training by PyTorch's autograd, in float64; the biases that ours do not have stay 0."""

    def __init__(self, torch, config, params, ids):
        self.torch, self.config, self.params = torch, config, params
        self.net = network(torch, params.architecture).double()
        self.net.load_state_dict({name: torch.tensor(array) for name, array in torch_tensors(params).items()})
        B, n = config.streams, ids.size // config.streams
        self.streams = torch.tensor(ids[: B * n].reshape(B, n).T.astype(np.int64))
        self.states, self.at = None, 0
        self.optimizer = torch.optim.AdamW(
            [{'params': [param], **self.own(name)} for name, param in self.net.named_parameters()],
            betas=(BETA1, BETA2),
            eps=EPSILON,
        )

    def own(self, name):
        """Learning rate, and decay by it, of a tensor."""
        rate, decay = self.config.learning_rate, self.config.weight_decay
        if 'weight_ih_l0' in name:
            return {'lr': rate * self.config.input_rate, 'weight_decay': decay / self.config.input_rate}
        return {'lr': rate, 'weight_decay': decay * (self.config.hidden_decay if 'rnn.weight' in name else 1)}

    def step(self):
        """One window: its loss, and the gradients as they were."""
        T, V, torch = self.config.seq_length, self.params.V, self.torch
        window = self.streams[self.at : self.at + T + 1]
        hs, states = self.net['rnn'](torch.nn.functional.one_hot(window[:-1], V).double(), self.states)
        self.states = tuple(state.detach() for state in states) if isinstance(states, tuple) else states.detach()
        logits, targets = self.net['output'](hs).reshape(-1, V), window[1:].reshape(-1)
        loss = torch.nn.functional.cross_entropy(logits, targets, reduction='sum') / self.config.streams
        self.optimizer.zero_grad()
        loss.backward()
        shared = self.params.bh.shape[1] - self.params.bhn.shape[1]
        for name, param in self.net.named_parameters():
            if 'bias_hh' in name:
                param.grad[:shared] = 0
        grads = {name: param.grad.numpy().copy() for name, param in self.net.named_parameters()}
        torch.nn.utils.clip_grad_value_(self.net.parameters(), self.config.clip)
        self.optimizer.step()
        self.at += T
        return loss.item(), from_torch_tensors(self.params.architecture, grads, 'float64').flat

    @property
    def flat(self):
        tensors = {name: param.detach().numpy() for name, param in self.net.named_parameters()}
        return from_torch_tensors(self.params.architecture, tensors, 'float64').flat


def difference(ours, theirs):
    """The largest, as a share of the largest number."""
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


@pytest.mark.parametrize('clip', [1e6, 0.02])
@pytest.mark.parametrize(('cell', 'layers'), CELLS)
def test_gradients_and_steps(torch, cell, layers, clip):
    """Of the first window, the gradients; of five, which carry their states on, the losses and what AdamW makes."""
    sizes = {'cell': cell, 'layers': layers, 'hidden_size': 12, 'streams': 4, 'seq_length': 15, 'weight_decay': 0.05}
    sizes |= {'input_rate': 3.0, 'hidden_decay': 2.0}
    config = Settings(**OPTIONS, **sizes, dtype='float64', clip=clip)
    corpus = Corpus.of(TEXT)
    engine = BatchedEngine(config, corpus.ids, len(corpus.chars))
    try:
        engine.params.flat[:] += np.random.default_rng(1).standard_normal(engine.params.flat.size) / 20  # biases, too
        engine.restore(engine.state())
        trainer = Trainer(torch, config, engine.params, np.asarray(corpus.ids))
        for number in range(5):
            loss, grads = trainer.step()
            assert engine.run(1)[0] == pytest.approx(loss, rel=1e-11)
            if number == 0 and clip > 1:
                assert difference(engine.grads.flat, grads) < 1e-10
            assert clip > 1 or np.abs(grads).max() > clip
        assert difference(engine.params.flat, trainer.flat) < 1e-9
    finally:
        engine.close()
