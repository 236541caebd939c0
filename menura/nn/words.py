"""The paper's baselines: a bag of words of timbre, and an MLP from vectors to factors.

Letters: n tracks, N frames, M mels, D factors, F numbers of a vector, K words.
Source: van den Oord, Dieleman & Schrauwen, NIPS 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.datasets.windows import Windows
from menura.nn.frontends import Mfcc
from menura.nn.kmeans import Kmeans
from menura.nn.pca import Pca

PIECE = 64  # windows at a time
PATIENCE = 40  # rounds without a better valid error


@dataclass(frozen=True, kw_only=True)
class Words:
    """The paper's numbers, as recalled, unless marked."""

    coefficients: int = 13  # with their first and second differences: 39
    words: int = 500  # ours; the paper: 4,000 for 9,330 songs
    frames: int = 60_000  # from which the words are learnt; ours
    rounds: int = 10  # of K-means; ours
    kept: float = 0.95  # of the variance of counts


@torch.no_grad()
def bags(windows: Windows, learn: np.ndarray, how: Words, seed: int) -> np.ndarray:
    """Vectors [n, F] of a pack's tracks, from its log-mels; words and components are learnt from
    the tracks `learn` (a mask [n]).
    """
    track = windows.pack.records["track"]
    rows = np.flatnonzero(learn[track])
    each = max(1, how.frames // len(rows))
    random = np.random.default_rng(seed)
    frames = torch.cat([drawn(x, each, random) for x in described(windows, rows, how)])
    spread = frames.std(0).clamp(min=1e-6)
    kmeans = Kmeans().fit(lambda: [frames / spread], how.words, how.rounds, seed)
    counts = np.zeros((len(learn), how.words))
    every = np.arange(len(track))
    for number, x in enumerate(described(windows, every, how)):
        own = track[number * PIECE : (number + 1) * PIECE]
        for place, words in zip(own, kmeans(x / spread).numpy(), strict=True):
            counts[place] += np.bincount(words, minlength=how.words)
    share = torch.from_numpy(counts / counts.sum(1, keepdims=True))
    pca = Pca().fit([share[torch.from_numpy(learn)]], how.kept, whiten=False)
    return np.asarray(pca(share).numpy())


def described(windows: Windows, rows: np.ndarray, how: Words):  # type: ignore[no-untyped-def]
    """Frames [B, N, 39] of windows, in pieces."""
    for start in range(0, len(rows), PIECE):
        x = torch.from_numpy(windows.read(rows[start : start + PIECE])["x"])
        found = [Mfcc(x.shape[-1], how.coefficients)(x)]
        for _ in range(2):
            found.append(torch.gradient(found[-1], dim=1)[0])
        yield torch.cat(found, dim=-1)


def drawn(x: Tensor, each: int, random: np.random.Generator) -> Tensor:
    """`each` frames of each window."""
    places = torch.from_numpy(random.integers(0, x.shape[1], (len(x), each)))
    return x[torch.arange(len(x))[:, None], places].flatten(0, 1)


class Mlp(nn.Module):
    """One hidden layer from vectors to factors; the paper's 1,000 units."""

    def __init__(self, vectors: int, factors: int, hidden: int = 1_000) -> None:
        super().__init__()
        self.hidden, self.head = nn.Linear(vectors, hidden), nn.Linear(hidden, factors)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.dropout(functional.relu(self.hidden(x)), 0.5, self.training)
        factors: Tensor = self.head(x)
        return factors


def foretold_by_mlp(
    vectors: np.ndarray, factors: np.ndarray, learn: np.ndarray, valid: np.ndarray, seed: int
) -> np.ndarray:
    """Factors [n, D] that an MLP says of all tracks, stopped where the valid error was least."""
    torch.manual_seed(seed)
    mean, spread = vectors[learn].mean(0), vectors[learn].std(0) + 1e-9
    x = torch.from_numpy(((vectors - mean) / spread).astype(np.float32))
    scale = np.sqrt(np.square(factors[learn]).sum(1).mean())
    y = torch.from_numpy((factors / scale).astype(np.float32))
    net = Mlp(x.shape[1], y.shape[1])
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)
    best, said, since = np.inf, y[:0], 0
    while since < PATIENCE:
        functional.mse_loss(net.train()(x[learn]), y[learn]).backward()
        optimiser.step()
        optimiser.zero_grad()
        with torch.no_grad():
            out = net.eval()(x)
            error = float(functional.mse_loss(out[valid], y[valid]))
        best, said, since = (error, out, 0) if error < best else (best, said, since + 1)
    return np.asarray(said.numpy() * scale)
