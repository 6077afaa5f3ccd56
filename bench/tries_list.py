"""What ``tries.py`` tries."""

from dataclasses import dataclass, field
from typing import Any

RATE = 3.0  # times 1/H, where nothing else is said: the learning rate that won
SETTINGS: dict[str, Any] = {  # the preset's when this was tried, so that what it becomes is no new base
    'engine': 'batched',
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
    'cosine': (1.0, 1.5, 2.0, 4.5),  # 3: the base
    'linear': (1.0, 1.5, 2.0, 3.0),
    'wsd': (0.7, 1.0, 2.0, 3.0),
    'step': (1.0,),
}  # and how many times the rate
DECAYS = {1.5: (0.06,), 3.0: (0.0, 0.01, 0.05, 0.1)}  # by the rate times H
GROUPS: dict[str, tuple[Try, ...]] = {
    'base': (Try(f'**as it is**: cosine, {RATE:g}/H'),),
    'schedules': (
        *(
            Try(f'{name}, {rate:g}/H', {'schedule': name} if name != 'cosine' else {}, rate)
            for name, rates in SCHEDULES.items()
            for rate in rates
        ),
    ),
    'decay': tuple(
        Try(f'weight decay {decay:g}, {rate:g}/H', {'weight_decay': decay}, rate)
        for rate, decays in DECAYS.items()
        for decay in decays
    ),
    'averages': (
        Try('constant, 1/H', {'schedule': 'constant'}, 1.0, averaged=True),
        Try('constant, 2/H', {'schedule': 'constant'}, 2.0, averaged=True),
    ),
    'growing': (
        Try('T 16 for half, then 32', stages=((0.5, {'seq_length': 16}),)),
        Try('B 8 for half, then 16', stages=((0.5, {'streams': 8}),)),
        Try('dropout from 0.2 to 0', {'dropout': 0.2}, dropout=(0.2, 1e-6)),
    ),
    'optimizers': (
        Try('Adam in NumPy', optimizer='Adam'),  # verifies the ways of all of these
        Try('Cautious AdamW', optimizer='Cautious'),
        Try(f'Cautious AdamW, {RATE / 2:g}/H', {}, RATE / 2, optimizer='Cautious'),
        Try('NAdam', optimizer='NAdam'),
        Try(f'schedule-free, {RATE:g}/H', {'schedule': 'constant'}, optimizer='ScheduleFree'),
        Try('AdEMAMix, beta3 0.999, alpha 2', optimizer='AdEMAMix', settings={'alpha': 2.0}),
        Try('Lion, 0.1 of the rate', optimizer='Lion', settings={'factor': 0.1}),
    ),
    'adam': (
        betas(0.9, 0.999),
        betas(0.95, 0.99),
        Try('Adam, epsilon 1e-5', adam={'epsilon': 1e-5}),
    ),
    'matrices': (
        Try('Muon for Whh, a gate at a time', optimizer='Muon'),
        Try('Adam in the eigenbasis of the columns of Whh', optimizer='Soap', settings={'whole': True}),
    ),
}
