"""The tables of bench/cluster.py: what many hosts would be as fast as, by what two were measured to take."""

from collections.abc import Mapping, Sequence
from textwrap import fill

from cluster_model import HOSTS, PAYS, Fit, Model, overlap, strong, weak
from cluster_net import Net

V, WIDTH = 65, 124  # characters: distinct ones of the text; of a line
MODELS = (Model(256), Model(512), Model(512, 2))
PROJECTED = (Net(10e9, 50e-6), Net(25e9, 50e-6))
Compute = Mapping[Model, Mapping[int, float]]  # seconds of an iteration on one core, by streams


def table(fitted: Fit, compute: Compute, kinds: Sequence[int]) -> str:
    """Projected speed-ups, Markdown."""
    lines = ['| model | a host has | net | B | ' + ' | '.join(f'{hosts} hosts' for hosts in HOSTS) + ' |']
    lines.append('|---' * (4 + len(HOSTS)) + '|')
    for model in MODELS:
        for cores in kinds:
            for net in PROJECTED:
                for growing, words in ((weak, '64 a host'), (strong, '64 in all')):
                    speeds = [
                        growing(fitted, model.parameters(V), compute[model], hosts, cores, net.rate, net.delay)
                        for hosts in HOSTS
                    ]
                    cells = ' | '.join(f'{speed:.1f}x' for speed in speeds)
                    lines.append(f'| {model.name} | {of_cores(cores)} | {net.name} | {words} | {cells} |')
    return '\n'.join(lines)


def pays(fitted: Fit, compute: Compute, kinds: Sequence[int]) -> str:
    """From which model on a second machine pays, in a sentence."""
    told = []
    for cores in kinds:
        for net in PROJECTED:
            good = [
                model.name
                for model in MODELS
                if strong(fitted, model.parameters(V), compute[model], 2, cores, net.rate, net.delay) >= PAYS
            ]
            start = f'from {good[0]} on' if good else 'with none of these models'
            told.append(f'{start} at {net.name} between hosts of {of_cores(cores)}')
    return f'With B=64 in all a second machine makes training {PAYS:g} times as fast or more ' + ', '.join(told) + '.'


def report(fitted: Fit, compute: Compute, kinds: Sequence[int], remarks: Sequence[str]) -> str:
    """All that is told of many hosts."""
    lines = [table(fitted, compute, kinds), '', pays(fitted, compute, kinds), '']
    for model in MODELS:
        shares = ', '.join(
            f'{overlap(fitted, model, V, compute[model], cores, net.rate, net.delay):.1%} at {net.name} '
            f'with {of_cores(cores)}'
            for cores in kinds
            for net in PROJECTED
        )
        lines.append(f'- Overlap by layers could hide at most, of a step of {model.name} on two hosts: {shares}.')
    lines += [f'- {remark}.' for remark in remarks]
    nets = ' and '.join(f'{net.name}, {net.delay * 1e6:.0f} µs' for net in PROJECTED)
    lines.append(
        f'- Fitted: {fitted.latency * 1e6:.0f} µs a trip beside the delay, {fitted.per_byte * 1e9:.2f} ns a byte, '
        f'a wire {fitted.slower:.0%} slower than its rate; projected with {nets}.'
    )
    return '\n'.join(map(wrapped, lines))


def wrapped(line: str) -> str:
    """As prose of the README is; rows stay."""
    indent = '  ' if line.startswith('- ') else ''
    return line if line.startswith('|') else fill(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def of_cores(cores: int) -> str:
    return f'{cores} core{"s" * (cores > 1)}'
