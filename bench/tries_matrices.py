"""Optimizers that see matrices as such, in NumPy: Muon, and Adam in an eigenbasis. See ``tries_optimizers.py``."""

from typing import Any

import numpy as np
from tries_optimizers import Adam, Floats

from fastrnn.model.architecture import Architecture
from fastrnn.model.params import Params

COEFFICIENTS = 3.4445, -4.775, 2.0315  # of Jordan's quintic
NEWTON_SCHULZ = 5  # steps of it


def orthogonal(G: Floats) -> Floats:
    """Nearly U @ V.T of G = U @ S @ V.T, by products alone (Jordan et al. 2024)."""
    a, b, c = (np.float32(value) for value in COEFFICIENTS)
    X: Floats = G.T if G.shape[0] > G.shape[1] else G
    X = X / (np.linalg.norm(X) + np.float32(1e-7))
    for _ in range(NEWTON_SCHULZ):
        A = X @ X.T
        X = a * X + (b * A + c * (A @ A)) @ X
    return X.T if G.shape[0] > G.shape[1] else X


class Matrices(Adam):
    """Adam, but for Whh and Wih, as G blocks (H, H) or whole (G*H, H), and for what ``names`` adds."""

    def __init__(
        self, architecture: Architecture, decay: float, *, whole: bool = False, names: str = 'Whh Wih', **settings: Any
    ) -> None:
        super().__init__(architecture, decay)
        self.whole, self.names, self.settings = whole, names.split(), settings
        self.state: dict[tuple[str, int], Any] = {}

    def blocks(self, flat: Floats) -> list[tuple[tuple[str, int], Floats]]:
        """Views of the matrices, by name and number."""
        found, views = [], Params.over(self.architecture, flat).by_name
        for name in self.names:
            W, H = views[name], self.architecture.H
            shape = (-1, H, H) if name in ('Whh', 'Wih') and not self.whole else (-1, *W.shape[-2:])
            found += [((name, k), block) for k, block in enumerate(W.reshape(shape))]
        return found

    def direction(self, g: Floats, n: int) -> Floats:
        direction = super().direction(g, n)
        parts = (self.blocks(flat) for flat in (direction, g, self.m, self.extra))
        for (key, out), (_, G), (_, m), (_, extra) in zip(*parts, strict=True):
            self.block(key, out, G, m, extra, n)
        return direction

    def block(self, key: tuple[str, int], out: Floats, G: Floats, m: Floats, extra: Floats, n: int) -> None:
        raise NotImplementedError


class Muon(Matrices):
    """Jordan et al. 2024, in elements as large as Adam's steps (Liu et al. 2025), times ``factor``."""

    def block(self, key: tuple[str, int], out: Floats, G: Floats, m: Floats, extra: Floats, n: int) -> None:
        beta = np.float32(self.settings.get('beta', 0.95))
        extra *= beta
        extra += (1 - beta) * G
        scale = self.settings.get('factor', 1.0) * 0.2 * max(G.shape) ** 0.5
        out[...] = np.float32(scale) * orthogonal(beta * extra + (1 - beta) * G)


class Soap(Matrices):
    """Adam in the eigenbasis of G.T @ G (Vyas et al. 2024), of the columns alone; the basis is renewed at times."""

    def block(self, key: tuple[str, int], out: Floats, G: Floats, m: Floats, extra: Floats, n: int) -> None:
        beta, every = np.float32(self.settings.get('beta', 0.99)), self.settings.get('every', 10)
        beta2 = np.float32(self.betas[1])
        if key not in self.state:
            self.state[key] = [G.T @ G, np.linalg.eigh(G.T @ G)[1]]
        C, Q = self.state[key]
        C *= beta
        C += (1 - beta) * (G.T @ G)
        if n % every == 0:  # one step of orthogonal iteration
            Q = self.state[key][1] = np.linalg.qr(C @ Q)[0]
        rotated = G @ Q
        extra *= beta2
        extra += (1 - beta2) * rotated * rotated
        root = np.sqrt(extra) * np.float32((1 - float(beta2) ** n) ** -0.5) + np.float32(1e-8)
        corrected = m * np.float32(1 / (1 - self.betas[0] ** n))
        out[...] = ((corrected @ Q) / root) @ Q.T
