"""What ``tries.py`` tries."""

from dataclasses import dataclass, field
from typing import Any

RATE = 3.0  # times 1/H, where nothing else is said: the learning rate that won
SETTINGS: dict[str, Any] = {  # the preset's when this was tried, so that what it becomes is no new base
    'engine': 'fast',
    'dtype': 'float32',
    'optimizer': 'adam',
    'schedule': 'cosine',
    'warmup': 0.02,
    'clip_norm': 1.0,
    'weight_decay': 0.03,
    'init': 'scaled',
}
BASE = {'cell': 'gru', 'layers': 1, 'streams': 16, 'seq_length': 32}
SIZES: dict[str, dict[str, Any]] = {
    'short': {**BASE, 'hidden_size': 192, 'dropout': 0.1, 'epochs': 5.0},
    'middle': {**BASE, 'hidden_size': 192, 'dropout': 0.1, 'epochs': 14.0},
    'long': {**BASE, 'hidden_size': 256, 'dropout': 0.2, 'epochs': 25.0},
}


@dataclass(frozen=True)
class Try:
    """SETTINGS at a size of SIZES and a rate of RATE/H, but for what is said here."""

    name: str
    config: dict[str, Any] = field(default_factory=dict)
    rate: float = RATE
    adam: dict[str, float] = field(default_factory=dict)  # beta1, beta2, epsilon of the engine's own
    optimizer: str = ''  # in NumPy, of tries_optimizers.py or tries_matrices.py
    settings: dict[str, Any] = field(default_factory=dict)  # its own
    averaged: bool = False  # weights, in all the ways of AVERAGES
    stages: tuple[tuple[float, dict[str, Any]], ...] = ()  # until which share of the characters, and what changes
    dropout: tuple[float, ...] = ()  # at the start and at the end, neither of them 0


def betas(beta1: float, beta2: float) -> Try:
    return Try(f'Adam, betas {beta1:g} and {beta2:g}', adam={'beta1': beta1, 'beta2': beta2})


SCHEDULES = {
    'cosine': (1.0, 1.5, 2.0, 3.0, 4.5),
    'linear': (1.0, 1.5, 2.0, 3.0),
    'wsd': (0.7, 1.0, 2.0, 3.0),
    'step': (1.0,),
}  # and how many times the rate
GROUPS: dict[str, tuple[Try, ...]] = {
    'base': (Try('**as it is**'),),
    'schedules': (
        *(
            Try(f'{name}, {rate:g}/H', {'schedule': name} if name != 'cosine' else {}, rate)
            for name, rates in SCHEDULES.items()
            for rate in rates
        ),
    ),
    'averages': (
        Try('constant, 1/H', {'schedule': 'constant'}, 1.0, averaged=True),
        Try('constant, 2/H', {'schedule': 'constant'}, 2.0, averaged=True),
        Try('cosine', averaged=True),
    ),
    'growing': (
        Try('T 16 for half, then 32', stages=((0.5, {'seq_length': 16}),)),
        Try('B 8 for half, then 16', stages=((0.5, {'streams': 8}),)),
        Try(
            'T 16, 32, 64, a third each',
            {'seq_length': 64},
            stages=((1 / 3, {'seq_length': 16}), (2 / 3, {'seq_length': 32})),
        ),
        Try('B 8', {'streams': 8}),
        Try('dropout from 0 to 0.2', dropout=(1e-6, 0.2)),
        Try('dropout from 0.2 to 0', {'dropout': 0.2}, dropout=(0.2, 1e-6)),
    ),
    'optimizers': (
        Try('Adam in NumPy', optimizer='Adam'),  # verifies the ways of all of these
        Try('Cautious AdamW', optimizer='Cautious'),
        Try(f'Cautious AdamW, {RATE / 2:g}/H', {}, RATE / 2, optimizer='Cautious'),
        Try('NAdam', optimizer='NAdam'),
        Try(f'schedule-free, {RATE:g}/H', {'schedule': 'constant'}, optimizer='ScheduleFree'),
        Try(f'schedule-free, {2 * RATE:g}/H', {'schedule': 'constant'}, 2 * RATE, optimizer='ScheduleFree'),
        Try('AdEMAMix, beta3 0.999, alpha 2', optimizer='AdEMAMix', settings={'alpha': 2.0}),
        Try('Lion, 0.2 of the rate', optimizer='Lion', settings={'factor': 0.2}),
        Try('Lion, 0.1 of the rate', optimizer='Lion', settings={'factor': 0.1}),
        Try('second moments by rows and columns', optimizer='Factored'),
    ),
    'adam': (
        betas(0.9, 0.999),
        betas(0.95, 0.99),
        betas(0.8, 0.95),
        Try('Adam, epsilon 1e-5', adam={'epsilon': 1e-5}),
        Try('no weight decay', {'weight_decay': 0.0}),
        Try('weight decay 0.1', {'weight_decay': 0.1}),
    ),
    'matrices': (
        Try('Muon for Whh, a gate at a time', optimizer='Muon'),
        Try('Adam in the eigenbasis of the columns of Whh', optimizer='Soap', settings={'whole': True}),
        Try('Muon for Whh, a gate at a time, twice the rate', optimizer='Muon', settings={'factor': 2.0}),
        Try('Muon for Whh, whole', optimizer='Muon', settings={'whole': True}),
    ),
}
