"""A trained network with its front end, from the wave on: to be used, and as one ONNX file.

    wave [B, T]  ->  embedding [B, D], logits [B, K]

In the file B is 1. What the numbers mean stands in its metadata under `menura`, as JSON.
"""

from __future__ import annotations

import json
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn


class Whole(nn.Module):
    """A `Net` that answers from the wave on."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net: Any = net

    def forward(self, wave: Tensor) -> tuple[Tensor, Tensor]:
        x = wave if self.net.front is None else self.net.front(wave)
        embedding = self.net.embed(x)
        return embedding, self.net.head(embedding)


def onnx_file(whole: nn.Module, said: Mapping[str, Any]) -> bytes:
    """The network as an ONNX file; `said` are its metadata, `samples` T among them."""
    wave = torch.zeros(1, int(said["samples"]))
    with torch.no_grad():
        dimension = int(whole.eval()(wave)[0].shape[1])
    with tempfile.TemporaryDirectory() as folder, quiet():
        path = Path(folder) / "encoder.onnx"
        torch.onnx.export(
            whole,
            (wave,),
            path,
            input_names=["wave"],
            output_names=["embedding", "logits"],
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        model = onnx.load(path)
    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = "menura", json.dumps({**said, "dimension": dimension})
    return model.SerializeToString()


@contextmanager
def quiet() -> Iterator[None]:
    """Without the exporter's remarks, which are for its own developers."""
    loud = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(loud)
