"""min-char-rnn in NumPy: the compiled engine must match its results bit for bit.

A character-level vanilla RNN, trained by truncated BPTT and Adagrad. It has the names and the order of operations of
Andrej Karpathy's min-char-rnn (https://gist.github.com/karpathy/d4dee566867f8291f086, BSD licence), in float64. It
stays as plain as the original and is never optimised.

One deliberate difference: characters are numbered in sorted order, so that runs are repeatable.

    python -m fastrnn.reference data/sonnets.txt --seed 0 --iterations 1000
"""

import numpy as np


def init(V, H):
    """Initialise the gist's model with NumPy's global generator; returns Wxh, Whh, Why, bh, by."""
    Wxh = np.random.randn(H, V) * 0.01  # input to hidden
    Whh = np.random.randn(H, H) * 0.01  # hidden to hidden
    Why = np.random.randn(V, H) * 0.01  # hidden to output
    bh = np.zeros((H, 1))  # hidden bias
    by = np.zeros((V, 1))  # output bias
    return Wxh, Whh, Why, bh, by


def lossFun(inputs, targets, hprev, model):
    """Loss, gradients and last hidden state of one window of T characters.

    inputs, targets are lists of T integers; hprev is (H, 1). The loss is in nats, summed over T.
    """
    Wxh, Whh, Why, bh, by = model
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    # forward
    for t in range(len(inputs)):
        xs[t] = np.zeros((len(by), 1))  # one-hot
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    # backward
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    for dparam in [dWxh, dWhh, dWhy, dbh, dby]:
        np.clip(dparam, -5, 5, out=dparam)
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]


def sample(h, seed_ix, n, model):
    """Sample n character ids from the model, starting with state h and character seed_ix."""
    Wxh, Whh, Why, bh, by = model
    V = len(by)
    x = np.zeros((V, 1))
    x[seed_ix] = 1
    ixes = []
    for _ in range(n):
        h = np.tanh(np.dot(Wxh, x) + np.dot(Whh, h) + bh)
        y = np.dot(Why, h) + by
        p = np.exp(y) / np.sum(np.exp(y))
        ix = np.random.choice(range(V), p=p.ravel())
        x = np.zeros((V, 1))
        x[ix] = 1
        ixes.append(ix)
    return ixes


def adagrad(params, grads, mems, learning_rate):
    """Take one Adagrad step; changes params and mems in place."""
    for param, dparam, mem in zip(params, grads, mems, strict=True):
        mem += dparam * dparam
        param += -learning_rate * dparam / np.sqrt(mem + 1e-8)


def train(
    data,
    *,
    seed=None,
    iterations=None,
    hidden_size=100,
    seq_length=25,
    learning_rate=1e-1,
    sample_every=100,
    sample_length=200,
    print_every=100,
):
    """Run the gist's main loop on the text ``data``; prints, and returns the model and the loss."""
    np.random.seed(seed)
    chars = sorted(set(data))
    print('data has %d characters, %d unique.' % (len(data), len(chars)))
    char_to_ix = {ch: i for i, ch in enumerate(chars)}
    V, H, T = len(chars), hidden_size, seq_length
    model = init(V, H)
    mems = [np.zeros_like(param) for param in model]
    smooth_loss = -np.log(1.0 / V) * T  # loss at iteration 0
    n, p = 0, 0
    while iterations is None or n < iterations:
        if p + T + 1 >= len(data) or n == 0:
            hprev = np.zeros((H, 1))  # reset RNN memory
            p = 0  # start again from the start of data
        inputs = [char_to_ix[ch] for ch in data[p : p + T]]
        targets = [char_to_ix[ch] for ch in data[p + 1 : p + T + 1]]

        if n % sample_every == 0:
            sample_ix = sample(hprev, inputs[0], sample_length, model)
            print('----\n %s \n----' % (''.join(chars[ix] for ix in sample_ix),))

        loss, *grads, hprev = lossFun(inputs, targets, hprev, model)
        smooth_loss = smooth_loss * 0.999 + loss * 0.001
        if n % print_every == 0:
            print('iter %d, loss: %f' % (n, smooth_loss))

        adagrad(model, grads, mems, learning_rate)
        p += T
        n += 1
    return model, smooth_loss


def main():
    import argparse

    parser = argparse.ArgumentParser(description='min-char-rnn in NumPy, the reference.')
    parser.add_argument('file')
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--iterations', type=int, default=None)
    parser.add_argument('--hidden-size', type=int, default=100)
    parser.add_argument('--seq-length', type=int, default=25)
    parser.add_argument('--learning-rate', type=float, default=1e-1)
    parser.add_argument('--sample-every', type=int, default=100)
    parser.add_argument('--sample-length', type=int, default=200)
    parser.add_argument('--print-every', type=int, default=100)
    parser.add_argument('--encoding', default='utf-8')
    args = vars(parser.parse_args())
    with open(args.pop('file'), encoding=args.pop('encoding')) as file:
        data = file.read()
    train(data, **args)


if __name__ == '__main__':
    import os
    import sys
    from contextlib import suppress

    if sys.stdout is None:
        sys.exit('error: standard output: it is closed')
    try:
        main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        os._exit(130)  # a normal exit would try to print buffered output again
    except BrokenPipeError:
        os._exit(141)
    except OSError as error:
        with suppress(OSError):  # standard error may be full, too
            print(f'error: {error.filename or "standard output"}: {error.strerror}', file=sys.stderr)
        os._exit(1)
