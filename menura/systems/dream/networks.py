"""From the folder of a run to a network to dream with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from menura.datasets.windows import Cut
from menura.dreaming import Network
from menura.errors import EncoderError, TrainingError
from menura.systems import labelled, runs
from menura.systems.registry import System
from menura.train.fit import CHECKPOINT


def network(run: Path) -> Network:
    """The trained network of a run.

    Raises EncoderError for an exported encoder, which has no gradient, and for a run that is none;
    TrainingError for one of a system that cannot be dreamt with.
    """
    if run.suffix == ".onnx" or run.is_file():
        raise EncoderError(
            f"{run} is an encoder in a file and has no gradient to dream with: give the folder of "
            f"the run that it was exported from, the one with {CHECKPOINT} in it"
        )
    if not (run / CHECKPOINT).exists():
        raise EncoderError(
            f"{run} is no folder of a run, with {CHECKPOINT} in it; encoders have no gradient. "
            "Give one of `menura train style -o RUN`, or of another system that answers questions"
        )
    if not runs.answers_questions(run):
        raise TrainingError(
            f"{run} holds a network that answers no question of its own and cannot be dreamt with: "
            "give a run of `menura train style`, or of another system that does"
        )
    task = labelled.trained(*runs.system_of(run))
    return of(task.net, task.config)


def untrained(run: Path, seed: int) -> Network:
    """The same with random weights, as such a network begins its training."""
    system: System = runs.system_of(run)[0]
    config = labelled.trained(system, run).config
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return of(system.part("model").Net(config), config)


def of(net: torch.nn.Module, config: Any) -> Network:
    return Network(
        net=net.eval().requires_grad_(False),
        sample_rate=config.sample_rate,
        samples=config.samples,
        classes=config.classes,
        exclusive=config.exclusive,
        peak=Cut.of(config).peak,
    )
