"""Make menura/encoders/weights/*.onnx from the published weights of musicnn.

    python scripts/convert_musicnn.py WEIGHTS_FOLDER [--out FOLDER]

WEIGHTS_FOLDER holds musicnn_MTT_musicnn.npz and musicnn_MSD_musicnn.npz: the variables of the two
TensorFlow checkpoints of PyPI's musicnn 0.1.0, under their own names, float32. The result is the
same network (Pons & Serra, ISMIR 2019 late-breaking; ISC licence) in another form:

    patch [187, 96]  ->  penultimate [200], logits [50]

- Normalisations are folded into the convolution before them. A channel whose scale is negative
  takes its lowest value over frequency: folding the sign makes this its highest as well.
- Weights are int16 with one scale for an output channel; ONNX Runtime unpacks them on loading.
- The tall filters (7 x 38 and 7 x 67 over 96 bands) are applied by a Fourier transform over the
  96 bands; see `Network.tall`. It is exact, with a third of the arithmetic.

Letters: T frames (187), M bands (96), K frequencies of the transform (49), C channels.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FRAMES, BANDS = 187, 96
FREQUENCIES = BANDS // 2 + 1
EPSILON = 1e-3  # what TensorFlow's batch normalisation adds to the variance
STRIDE = 4  # frames that the long filters answer at once: 4 x 51 channels fill whole vectors
PART = 32  # frames of a tall filter at a time: what comes between stays in the processor's cache
ENDLESS = np.float32(3e38)
NETWORKS = {"musicnn-mtt": "musicnn_MTT_musicnn.npz", "musicnn-msd": "musicnn_MSD_musicnn.npz"}


class Graph:
    """ONNX nodes and constants, named by what they are; every method returns a name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def op(self, kind: str, *inputs: str, name: str = "", **attributes: object) -> str:
        name = name or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, array: np.ndarray) -> str:
        array = np.ascontiguousarray(array)
        tensor = numpy_helper.from_array(array)
        for name, known in self.constants.items():
            if known.SerializeToString() == named(tensor, name).SerializeToString():
                return name
        name = f"constant_{len(self.constants)}"
        self.constants[name] = named(tensor, name)
        return name

    def number(self, array: object) -> str:
        return self.constant(np.asarray(array, np.float32))

    def whole(self, *values: int) -> str:
        return self.constant(np.asarray(values, np.int64))

    def weight(self, array: np.ndarray, factor: np.ndarray | float = 1.0) -> str:
        """`array * factor`, both with the output channel last, in 16 bits and a scale each."""
        axes = tuple(range(array.ndim - 1))
        scale = np.maximum(np.abs(array).max(axes), 1e-30).astype(np.float32) / 32766
        packed = self.constant(diffused(array / scale).astype(np.int16))
        return self.op(
            "Mul", self.op("Cast", packed, to=TensorProto.FLOAT), self.number(scale * factor)
        )

    def reshape(self, x: str, *shape: int) -> str:
        return self.op("Reshape", x, self.whole(*shape))

    def slice(self, x: str, start: int, stop: int, axis: int) -> str:
        return self.op("Slice", x, self.whole(start), self.whole(stop), self.whole(axis))

    def model(self, name: str, inputs: dict[str, tuple], outputs: dict[str, tuple]) -> bytes:
        def declare(shapes: dict[str, tuple]) -> list[onnx.ValueInfoProto]:
            return [
                helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()
            ]

        graph = helper.make_graph(
            self.nodes, name, declare(inputs), declare(outputs), list(self.constants.values())
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 17)],
            producer_name="menura scripts/convert_musicnn.py",
        )
        model.ir_version = 9
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString(deterministic=True)


def diffused(array: np.ndarray) -> np.ndarray:
    """Rounded so that what one number loses, the next along the first axis gains.

    Neighbours in frequency or time hear nearly the same, so their errors cancel.
    """
    result, lost = np.empty_like(array), np.zeros_like(array[0])
    for i, row in enumerate(array):
        result[i] = np.round(row + lost)
        lost += row - result[i]
    return result


def named(tensor: onnx.TensorProto, name: str) -> onnx.TensorProto:
    tensor.name = name
    return tensor


class Network(Graph):
    """The layers of musicnn, with the numbering of the TensorFlow checkpoint."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        super().__init__()
        self.weights = weights

    def affine(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Scale and shift of a batch normalisation, [C] each."""
        name = "batch_normalization" + (f"_{number}" if number else "")
        gamma, beta, mean, variance = (
            self.weights[f"{name}/{part}"]
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale = gamma / np.sqrt(variance + np.float32(EPSILON))
        return scale, beta - mean * scale

    def convolution(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Kernel [time, bands, C] and bias [C]."""
        name = "conv2d" + (f"_{number}" if number else "")
        return self.weights[f"{name}/kernel"][:, :, 0], self.weights[f"{name}/bias"]

    def activate(self, x: str, number: int, bias: np.ndarray) -> str:
        """ReLU and normalisation of x [C, T], already multiplied by the scale, without bias.

        scale * relu(z) is relu(scale * z) for a positive scale, else min(0, scale * z).
        """
        scale, shift = self.affine(number)
        low = np.where(scale >= 0, shift, -ENDLESS)[:, None]
        high = np.where(scale >= 0, ENDLESS, shift)[:, None]
        x = self.op("Add", x, self.number((scale * bias + shift)[:, None]))
        return self.op("Min", self.op("Max", x, self.number(low)), self.number(high))

    def spectrum(self, picture: str) -> str:
        """Fourier transform over bands of [T, M], three empty frames at both ends: [K, T + 6, 2]"""
        angle = -2 * np.pi * np.outer(np.arange(BANDS), np.arange(FREQUENCIES)) / BANDS
        waves = np.stack([np.cos(angle), np.sin(angle)], axis=-1).reshape(BANDS, -1)
        x = self.op("MatMul", picture, self.number(waves))  # [T, K * 2]
        x = self.op("Pad", x, self.whole(3, 0, 3, 0))
        return self.op("Transpose", self.reshape(x, FRAMES + 6, FREQUENCIES, 2), perm=[1, 0, 2])

    def tall(self, spectrum: str, number: int) -> str:
        """Highest value over frequency of a tall filter's answers: [C, T].

        The valid part of a correlation is the same in a circular one, so it may be taken by
        Fourier transforms of length M, as sums over 49 frequencies. Positions are counted
        from the middle, c: the answers at c + u and c - u are E(u) + O(u) and E(u) - O(u), with
        E = sum a_k cos(2 pi k u / M), O = sum b_k sin(2 pi k u / M). The larger is E + |O|.
        """
        kernel, bias = self.convolution(number)
        scale, _ = self.affine(number + 1)
        taps, height, channels = kernel.shape
        positions = BANDS - height + 1
        k, middle = np.arange(FREQUENCIES), (positions - 1) / 2
        # Of the filter: its transform, conjugate, moved to the middle, both halves of the spectrum
        angle = 2 * np.pi * k[:, None] * (middle + np.arange(height)) / BANDS  # [K, height]
        twice = np.where((k == 0) | (k == BANDS // 2), 1, 2)[:, None] / BANDS
        real, imaginary = twice * np.cos(angle), twice * np.sin(angle)
        # a takes (x.real, x.imag) by (real, -imaginary), b by (-imaginary, -real)
        bend = np.stack([real, -imaginary, -imaginary, -real]).reshape(2, 2, FREQUENCIES, height)
        bend = bend.transpose(0, 2, 1, 3).reshape(-1, height)  # [2 * K * 2, height]
        flat = kernel.transpose(1, 0, 2).reshape(height, -1)
        weight = self.op(
            "MatMul",
            self.number(bend),
            self.reshape(self.weight(kernel.transpose(1, 0, 2), scale), *flat.shape),
        )
        weight = self.reshape(weight, 2, FREQUENCIES, 2 * taps, channels)
        halves = (
            self.op("Gather", weight, self.constant(np.array(0))),
            self.op("Gather", weight, self.constant(np.array(1))),
        )

        u = np.arange((positions + 1) // 2) + (0.0 if positions % 2 else 0.5)
        angle = 2 * np.pi * u[:, None] * k / BANDS  # [U, K]
        backs = self.number(np.cos(angle)), self.number(np.sin(angle))
        parts = []
        for start in range(0, FRAMES, PART):
            length = min(PART, FRAMES - start)
            seen = [
                self.slice(spectrum, start + tap, start + tap + length, 1) for tap in range(taps)
            ]  # [K, length, 2] each
            x = self.reshape(self.op("Concat", *seen, axis=2), FREQUENCIES, length, taps, 2)
            x = self.op("Transpose", x, perm=[0, 1, 3, 2])
            x = self.reshape(x, FREQUENCIES, length, 2 * taps)
            even, odd = (
                self.op(
                    "MatMul",
                    back,
                    self.reshape(self.op("MatMul", x, half), FREQUENCIES, length * channels),
                )
                for half, back in zip(halves, backs, strict=True)
            )  # [U, length * C] each
            x = self.op("Add", even, self.op("Abs", odd))
            x = self.op("ReduceMax", x, axes=[0], keepdims=0)
            parts.append(self.reshape(x, length, channels))
        x = self.op("Transpose", self.op("Concat", *parts, axis=0), perm=[1, 0])
        return self.activate(x, number + 1, bias)

    def long(self, picture: str, number: int) -> str:
        """Highest value over frequency of a filter along time, one band wide: [C, T]"""
        kernel, bias = self.convolution(number)
        scale, _ = self.affine(number + 1)
        length, _, channels = kernel.shape
        weight = self.op("Transpose", self.weight(kernel[:, 0], scale), perm=[1, 0])
        full = channels + -channels % STRIDE  # empty channels, so that vectors are whole
        shifted = [
            self.op("Pad", weight, self.whole(0, s, full - channels, STRIDE - 1 - s))
            for s in range(STRIDE)
        ]  # [full, length + STRIDE - 1] each
        weight = self.reshape(
            self.op("Concat", *shifted, axis=0), STRIDE * full, 1, length + STRIDE - 1, 1
        )
        steps = -(-FRAMES // STRIDE)
        before = (length - 1) // 2
        after = steps * STRIDE + length - 1 - before - FRAMES
        x = self.op(
            "Conv",
            self.reshape(picture, 1, 1, FRAMES, BANDS),
            weight,
            pads=[before, 0, after, 0],
            strides=[STRIDE, 1],
        )
        x = self.op("MaxPool", x, kernel_shape=[1, BANDS])  # [1, STRIDE * full, steps, 1]
        x = self.op("Transpose", self.reshape(x, STRIDE, full, steps), perm=[1, 2, 0])
        x = self.reshape(x, full, steps * STRIDE)
        x = self.slice(self.slice(x, 0, FRAMES, 1), 0, channels, 0)
        return self.activate(x, number + 1, bias)

    def middle(self, x: str, number: int) -> str:
        """A convolution over time, seven frames, of [C, T]: [64, T]"""
        kernel, bias = self.convolution(number)  # [7, C, 64]
        scale, _ = self.affine(number + 1)
        weight = self.op("Transpose", self.weight(kernel, scale), perm=[2, 1, 0])
        x = self.op("Unsqueeze", x, self.whole(0))
        x = self.op("Conv", x, weight, pads=[3, 3])
        return self.activate(self.op("Squeeze", x, self.whole(0)), number + 1, bias)

    def back(self, features: str) -> None:
        """Highest and mean over time of [753, T], then the two dense layers."""
        highest = self.op("ReduceMax", features, axes=[1], keepdims=0)
        mean = self.op("ReduceMean", features, axes=[1], keepdims=0)
        pooled = self.op("Concat", highest, mean, axis=0)
        order = np.concatenate([np.arange(0, 1506, 2), np.arange(1, 1506, 2)])  # was interleaved
        scale, shift = (part[order] for part in self.affine(9))
        x = self.op("Add", self.op("Mul", pooled, self.number(scale)), self.number(shift))
        x = self.dense(x, self.weights["dense/kernel"][order], self.weights["dense/bias"])
        scale, shift = self.affine(10)
        x = self.op("Mul", self.op("Relu", x), self.number(scale))
        x = self.op("Add", x, self.number(shift), name="penultimate")
        x = self.dense(x, self.weights["dense_1/kernel"], self.weights["dense_1/bias"], "logits")

    def dense(self, x: str, kernel: np.ndarray, bias: np.ndarray, name: str = "") -> str:
        x = self.op("MatMul", x, self.weight(kernel))
        return self.op("Add", x, self.number(bias), name=name)


def convert(weights: dict[str, np.ndarray], name: str) -> bytes:
    """The ONNX file of one network, from the variables of its checkpoint."""
    net = Network(weights)
    scale, shift = net.affine(0)
    picture = net.op("Add", net.op("Mul", "patch", net.number(scale)), net.number(shift))
    spectrum = net.spectrum(picture)
    front = net.op(
        "Concat",
        *(net.tall(spectrum, n) for n in (0, 1)),
        *(net.long(picture, n) for n in (2, 3, 4)),
        axis=0,
    )  # [561, T]
    first = net.middle(front, 5)
    second = net.op("Add", net.middle(first, 6), first)
    third = net.op("Add", net.middle(second, 7), second)
    net.back(net.op("Concat", front, first, second, third, axis=0))  # [753, T]
    return net.model(name, {"patch": (FRAMES, BANDS)}, {"penultimate": (200,), "logits": (50,)})


def main() -> None:
    parser = argparse.ArgumentParser(description="make the musicnn encoders from published weights")
    parser.add_argument("weights", type=Path, help="folder with the two .npz files")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder for the .onnx files",
        default=Path(__file__).resolve().parents[1] / "menura/encoders/weights",
    )
    given = parser.parse_args()
    for name, source in NETWORKS.items():
        with np.load(given.weights / source, allow_pickle=False) as file:
            content = convert({key: file[key] for key in file.files}, name)
        target = given.out / f"{name}.onnx"
        target.write_bytes(content)
        print(f"{target}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
