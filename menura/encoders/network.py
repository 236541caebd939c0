"""An ONNX network whose inputs and outputs are known beforehand, run on one thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from menura.errors import EncoderError

if TYPE_CHECKING:
    import onnxruntime

Shapes = dict[str, tuple[int, ...]]


class Network:
    """Runs one array through a network; one thread, so that the numbers never depend on threads.

    `inputs` (one) and `outputs` name what the file must hold, with shapes.

    Raises EncoderError for a file that is missing, cut, or another network.
    """

    def __init__(self, path: Path, inputs: Shapes, outputs: Shapes) -> None:
        self.session = open_session(path)
        for what, expected, found in (
            ("inputs", inputs, self.session.get_inputs()),
            ("outputs", outputs, self.session.get_outputs()),
        ):
            shapes = {node.name: tuple(node.shape) for node in found}
            if shapes != expected:
                raise EncoderError(
                    f"{path} is another network: its {what} are {written(shapes)}; "
                    f"expected {written(expected)}. Install menura again"
                )
        self.input = next(iter(inputs))
        self.outputs = list(outputs)

    def __call__(self, array: np.ndarray) -> list[np.ndarray]:
        """The outputs, in the order in which they were named."""
        return self.session.run(self.outputs, {self.input: array})


def metadata(path: Path) -> dict[str, str]:
    """What is written in a network's file beside the network. Raises EncoderError as `Network`."""
    return dict(open_session(path).get_modelmeta().custom_metadata_map)


def open_session(path: Path) -> onnxruntime.InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what matters is raised
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EncoderError(
            f"{path} cannot be read ({error.strerror}). Install menura again"
        ) from error
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common root but this
        raise EncoderError(
            f"{path} is not a whole ONNX network: it is cut, damaged or something else. "
            "Install menura again"
        ) from error


def written(shapes: Shapes) -> str:
    """`patch [187, 96], mask [187]`"""
    return ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items()) or "none"
