"""musicnn written out literally, to judge the fast form by: torch, and NumPy for the front end.

Weights are those of the TensorFlow checkpoints, or drawn at random with the same names and shapes.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d, pad

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FILES = {"musicnn-mtt": "musicnn_MTT_musicnn.npz", "musicnn-msd": "musicnn_MSD_musicnn.npz"}
KERNELS = [(7, 38, 1, 204), (7, 67, 1, 204), (128, 1, 1, 51), (64, 1, 1, 51), (32, 1, 1, 51),
           (7, 561, 1, 64), (7, 64, 1, 64), (7, 64, 1, 64)]  # fmt: skip


def shared(*parts):
    """A file of the folder with published weights; a test that needs it is skipped without."""
    path = SHARED.joinpath("weights", *parts)
    if not path.exists():
        pytest.skip(f"the published weights are not here: {path}")
    return path


def published(name):
    with np.load(shared(FILES[name]), allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def drawn(seed):
    """Weights at random; half of the normalisations have negative scales."""
    rng = np.random.default_rng(seed)
    weights = {}

    def normal(name, *shape, size=1.0):
        weights[name] = (size * rng.normal(size=shape)).astype(np.float32)

    for number, shape in enumerate(KERNELS):
        name = "conv2d" + (f"_{number}" if number else "")
        normal(f"{name}/kernel", *shape, size=np.prod(shape[:2]) ** -0.5)
        normal(f"{name}/bias", shape[-1])
    for number, width in enumerate([1, *(shape[-1] for shape in KERNELS), 1506, 200]):
        name = "batch_normalization" + (f"_{number}" if number else "")
        for part in ("gamma", "beta", "moving_mean"):
            normal(f"{name}/{part}", width, size=0.5)
        weights[f"{name}/moving_variance"] = rng.uniform(0.5, 2, width).astype(np.float32)
    for name, shape in (("dense", (1506, 200)), ("dense_1", (200, 50))):
        normal(f"{name}/kernel", *shape, size=shape[0] ** -0.5)
        normal(f"{name}/bias", shape[1])
    return weights


def forward(weights, patch):
    """Penultimate [200] and probabilities [50] of one patch [187, 96], layer by layer in torch."""
    w = {name: torch.from_numpy(value) for name, value in weights.items()}

    def normalise(x, number):  # channels last
        name = "batch_normalization" + (f"_{number}" if number else "")
        spread = torch.sqrt(w[f"{name}/moving_variance"] + 1e-3)
        centred = (x - w[f"{name}/moving_mean"]) / spread
        return centred * w[f"{name}/gamma"] + w[f"{name}/beta"]

    def layer(x, number):  # [T, F] -> [T, C]
        name = "conv2d" + (f"_{number}" if number else "")
        kernel = w[f"{name}/kernel"].permute(3, 2, 0, 1)
        before = (kernel.shape[2] - 1) // 2
        x = pad(x, (0, 0, before, kernel.shape[2] - 1 - before))
        x = conv2d(x[None, None], kernel, w[f"{name}/bias"])[0]  # [C, T, positions]
        return normalise(torch.relu(x).permute(1, 2, 0), number + 1).amax(1)

    x = normalise(torch.from_numpy(patch)[..., None], 0)[..., 0]
    front = torch.cat([layer(x, number) for number in range(5)], 1)
    first = layer(front, 5)
    second = layer(first, 6) + first
    third = layer(second, 7) + second
    maps = torch.cat([front, first, second, third], 1)  # [T, 753]
    pooled = torch.stack([maps.amax(0), maps.mean(0)], 1).reshape(-1)
    hidden = normalise(pooled, 9) @ w["dense/kernel"] + w["dense/bias"]
    hidden = normalise(torch.relu(hidden), 10)
    logits = hidden @ w["dense_1/kernel"] + w["dense_1/bias"]
    return hidden.numpy(), torch.sigmoid(logits).numpy()


def forward_numpy(weights, patch):
    """The same by NumPy alone: every window of every filter, one matrix product a layer."""

    def normalise(x, number):
        name = "batch_normalization" + (f"_{number}" if number else "")
        gamma, beta, mean, variance = (
            weights[f"{name}/{part}"]
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return (x - mean) / np.sqrt(variance + np.float32(1e-3)) * gamma + beta

    def layer(x, number):
        name = "conv2d" + (f"_{number}" if number else "")
        kernel = weights[f"{name}/kernel"]
        taps, height, _, channels = kernel.shape
        before = (taps - 1) // 2
        x = np.pad(x, ((before, taps - 1 - before), (0, 0)))
        seen = np.lib.stride_tricks.sliding_window_view(x, (taps, height))  # [T, F, taps, height]
        y = seen.reshape(*seen.shape[:2], -1) @ kernel.reshape(-1, channels)
        return normalise(np.maximum(y + weights[f"{name}/bias"], 0), number + 1).max(1)

    x = normalise(patch[..., None], 0)[..., 0]
    maps = [np.concatenate([layer(x, number) for number in range(5)], 1)]
    for number in (5, 6, 7):
        maps.append(layer(maps[-1], number) + (maps[-1] if number > 5 else 0))
    maps = np.concatenate(maps, 1)
    pooled = np.stack([maps.max(0), maps.mean(0)], 1).reshape(-1)
    hidden = normalise(pooled, 9) @ weights["dense/kernel"] + weights["dense/bias"]
    hidden = normalise(np.maximum(hidden, 0), 10)
    logits = hidden @ weights["dense_1/kernel"] + weights["dense_1/bias"]
    return hidden, 1 / (1 + np.exp(-logits))
