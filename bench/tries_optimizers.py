"""Optimizers in NumPy, to be tried on the batched engine's gradients before any is worth a kernel.

Each has ``step(W, g, rate, n)``, which changes the flat parameters W in place, n from 1, by a clipped gradient g, with
decoupled weight decay, all of it float32; and ``averaged(W)``, the weights to be evaluated.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.model.architecture import Architecture

Floats = NDArray[Any]
EPSILON = 1e-8


class Optimizer:
    """W = (1 - rate * decay) W - rate * direction."""

    def __init__(self, architecture: Architecture, decay: float) -> None:
        self.architecture, self.decay = architecture, decay
        self.m, self.v, self.extra = (np.zeros(architecture.parameters, np.float32) for _ in range(3))

    def step(self, W: Floats, g: Floats, rate: float, n: int) -> None:
        direction = self.direction(g, n)
        W *= np.float32(1 - rate * self.decay)
        W -= np.float32(rate) * direction

    def direction(self, g: Floats, n: int) -> Floats:
        raise NotImplementedError

    def averaged(self, W: Floats) -> Floats:
        return W

    def moments(self, g: Floats, n: int, beta1: float, beta2: float) -> tuple[Floats, Floats]:
        """Adam's: running means, corrected; the second as what the first is divided by."""
        for mean, value, beta in ((self.m, g, beta1), (self.v, g * g, beta2)):
            mean *= np.float32(beta)
            mean += np.float32(1 - beta) * value
        root = np.sqrt(self.v) * np.float32((1 - beta2**n) ** -0.5)
        return self.m * np.float32(1 / (1 - beta1**n)), root + np.float32(EPSILON)


class Adam(Optimizer):
    """Kingma and Ba 2015, Loshchilov and Hutter 2019: what the engine's own is, here to compare."""

    def __init__(self, architecture: Architecture, decay: float, beta1: float = 0.9, beta2: float = 0.99) -> None:
        super().__init__(architecture, decay)
        self.betas = beta1, beta2

    def direction(self, g: Floats, n: int) -> Floats:
        m, root = self.moments(g, n, *self.betas)
        return m / root


class Cautious(Adam):
    """Liang et al. 2024: only where the step agrees with the gradient's sign, and larger there."""

    def direction(self, g: Floats, n: int) -> Floats:
        direction = super().direction(g, n)
        agrees = direction * g > 0
        return direction * agrees * np.float32(1 / max(agrees.mean(), 1e-3))


class NAdam(Adam):
    """Dozat 2016: Nesterov's look ahead, at a constant beta1."""

    def direction(self, g: Floats, n: int) -> Floats:
        beta1 = self.betas[0]
        _, root = self.moments(g, n, *self.betas)
        ahead, now = beta1 / (1 - beta1 ** (n + 1)), (1 - beta1) / (1 - beta1**n)
        return (np.float32(ahead) * self.m + np.float32(now) * g) / root


class Lion(Optimizer):
    """Chen et al. 2023: the sign of a momentum, at ``factor`` of Adam's rate, with the same decay a step."""

    def __init__(
        self, architecture: Architecture, decay: float, beta1: float = 0.9, beta2: float = 0.99, factor: float = 0.2
    ) -> None:
        super().__init__(architecture, decay)
        self.beta1, self.beta2, self.factor = beta1, beta2, factor

    def direction(self, g: Floats, n: int) -> Floats:
        direction = np.sign(np.float32(self.beta1) * self.m + np.float32(1 - self.beta1) * g)
        self.m *= np.float32(self.beta2)
        self.m += np.float32(1 - self.beta2) * g
        return direction * np.float32(self.factor)


class AdEMAMix(Adam):
    """Pagliardini et al. 2024: a second, slow momentum; ``alpha`` and its beta3 grow over ``steps`` as theirs do."""

    def __init__(
        self, architecture: Architecture, decay: float, steps: int, beta3: float = 0.999, alpha: float = 5.0
    ) -> None:
        super().__init__(architecture, decay)
        self.steps, self.beta3, self.alpha = steps, beta3, alpha

    def direction(self, g: Floats, n: int) -> Floats:
        share = min(1.0, n / self.steps)
        lives = [math.log(0.5) / math.log(beta) - 1 for beta in (self.betas[0], self.beta3)]
        beta3 = 0.5 ** (1 / ((1 - share) * lives[0] + share * lives[1] + 1))
        m, root = self.moments(g, n, *self.betas)
        self.extra *= np.float32(beta3)
        self.extra += np.float32(1 - beta3) * g
        direction: Floats = (m + np.float32(self.alpha * share) * self.extra) / root
        return direction


class ScheduleFree(Optimizer):
    """Defazio et al. 2024: gradients between z, which steps, and x, its mean, which is evaluated; no momentum else."""

    def __init__(self, architecture: Architecture, decay: float, beta1: float = 0.9, beta2: float = 0.99) -> None:
        super().__init__(architecture, decay)
        self.beta1, self.beta2, self.weights = beta1, beta2, 0.0
        self.z: Floats | None = None

    def step(self, W: Floats, g: Floats, rate: float, n: int) -> None:
        if self.z is None:
            self.z, self.extra = W.copy(), W.copy()  # extra: x
        _, root = self.moments(g, n, 0.0, self.beta2)
        self.z -= np.float32(rate) * (g / root + np.float32(self.decay) * W)
        self.weights += rate * rate
        self.extra += np.float32(rate * rate / self.weights) * (self.z - self.extra)
        W[:] = np.float32(1 - self.beta1) * self.z + np.float32(self.beta1) * self.extra

    def averaged(self, W: Floats) -> Floats:
        return self.extra
