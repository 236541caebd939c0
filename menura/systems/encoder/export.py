"""A trained encoder as one ONNX file that any menura can index with.

    picture [F, M]  ->  embedding [D], logits [K]

Batch norms are folded into convolutions, the change of the embedding into the last layer. Weights
are float16 and become float32 when the file is loaded. What the numbers mean stands in the file's
metadata under `menura`, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from menura.systems.encoder.config import Config
from menura.systems.encoder.model import Along, Net, cosines


@dataclass(frozen=True, kw_only=True)
class Change:
    """(x - mean) @ basis: x [D], basis [D, D']."""

    mean: np.ndarray
    basis: np.ndarray


class Graph:
    """ONNX nodes and constants, in the order in which they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def op(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        name = name or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, array: np.ndarray) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(self, array: np.ndarray) -> str:
        half = self.constant(array.astype(np.float16))
        return self.op("Cast", half, to=TensorProto.FLOAT)

    def number(self, array: Any) -> str:
        return self.constant(np.asarray(array, np.float32))

    def convolution(self, x: str, layer: nn.Conv1d | nn.Conv2d, norm: nn.Module) -> str:
        """The layer with the batch norm after it folded in."""
        assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
        assert norm.running_mean is not None and norm.running_var is not None
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        kernel = layer.weight * scale.reshape(-1, *[1] * (layer.weight.ndim - 1))
        shift = norm.bias - norm.running_mean * scale
        return self.op(
            "Conv",
            x,
            self.weight(kernel.detach().numpy()),
            self.number(shift.detach().numpy()),
            strides=list(layer.stride),
            pads=[*layer.padding, *layer.padding],  # type: ignore[list-item]
            group=layer.groups,
        )

    def sequence(self, x: str, layers: Iterable[nn.Module]) -> str:
        """Convolutions with their norms, and ReLUs."""
        modules = list(layers)
        for module, after in zip_longest(modules, modules[1:]):
            if isinstance(module, nn.Conv1d | nn.Conv2d):
                assert after is not None
                x = self.convolution(x, module, after)
            elif isinstance(module, nn.ReLU):
                x = self.op("Relu", x)
            elif isinstance(module, Along):
                y = self.sequence(x, module.layers)
                x = self.op("Add", x, y) if module.added else y
        return x

    def moments(self, picture: str, n_mels: int) -> str:
        """`menura.systems.encoder.model.moments` of picture [F, M], as [1, 60]."""
        one: dict[str, Any] = {"axes": [0], "keepdims": 1}
        cepstra = self.op("MatMul", picture, self.number(cosines(n_mels).numpy()))  # [F, 20]
        mean = self.op("ReduceMean", cepstra, **one)
        away = self.op("Sub", cepstra, mean)
        spread = self.op("Sqrt", self.op("ReduceMean", self.op("Mul", away, away), **one))
        first, second, last, axis = (self.constant(np.array([n])) for n in (0, 1, -1, 0))
        later = self.op("Slice", cepstra, second, self.constant(np.array([2**31])), axis)
        sooner = self.op("Slice", cepstra, first, last, axis)
        change = self.op("Abs", self.op("Sub", later, sooner))
        return self.op("Concat", mean, spread, self.op("ReduceMean", change, **one), axis=1)

    def change(self, x: str, change: Change) -> str:
        return self.linear(x, change.basis.T, -change.mean @ change.basis)

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray, name: str = "") -> str:
        """x [1, I] by weight [O, I], as [O]."""
        product = self.op("Gemm", x, self.weight(weight), self.number(bias), transB=1)
        return self.op("Reshape", product, self.constant(np.array([-1])), name=name)


@torch.no_grad()
def onnx_file(
    net: Net,
    tags: nn.Linear,
    learnt: Sequence[Change],
    plain: Change,
    described: Mapping[str, Any],
) -> bytes:
    """The file's bytes. An embedding is the last layers of the trunk, pooled, and the moments.

    `learnt` are the changes of the last layers, the last of all at the end, `plain` that of the
    moments; `tags` turns what the network gives [D] into logits [K]; `described` goes into the
    metadata.
    """
    net.eval()
    config, graph = net.config, Graph()
    x = graph.op("Sub", "picture", graph.number(net.centre.numpy()))
    x = graph.op("Mul", x, graph.number(1 / net.spread.numpy()))
    x = graph.op("Transpose", x, perm=[1, 0])  # [M, F]
    x = graph.op("Reshape", x, graph.constant(np.array([1, 1, config.n_mels, -1])))
    x = graph.sequence(x, net.stem)  # [1, C, M', F']
    x = graph.op("Reshape", x, graph.constant(np.array([1, net.rows, -1])))
    pooled = []
    for layer in net.trunk:
        x = graph.sequence(x, [layer])
        mean, high = (graph.op(f"Reduce{how}", x, axes=[2], keepdims=0) for how in ("Mean", "Max"))
        pooled.append(graph.op("Concat", mean, high, axis=1))
    heard = [graph.change(*both) for both in zip(pooled[-len(learnt) :], learnt, strict=True)]
    heard.append(graph.change(graph.moments("picture", config.n_mels), plain))
    graph.op("Concat", *heard, axis=0, name="embedding")
    weight, bias = net.embed.weight.double().numpy(), net.embed.bias.double().numpy()
    said, shift = tags.weight.double().numpy(), tags.bias.double().numpy()
    graph.linear(pooled[-1], said @ weight, said @ bias + shift, "logits")
    dimension = sum(change.basis.shape[1] for change in (*learnt, plain))
    return written(graph, config, dimension, len(shift), described)


def written(
    graph: Graph, config: Config, dimension: int, words: int, described: Mapping[str, Any]
) -> bytes:
    def declared(name: str, *shape: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    inputs = [declared("picture", config.frames, config.n_mels)]
    outputs = [declared("embedding", dimension), declared("logits", words)]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "encoder", inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", 17)],
        producer_name="menura",
    )
    model.ir_version = 9
    helper.set_model_props(model, {"menura": json.dumps(described, sort_keys=True)})
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)
