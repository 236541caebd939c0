"""Sounds that please a trained network: its layers, what to aim at, and the optimiser of inputs.

    from menura.dreaming import Network, dream, energy
    made = dream(wave, 44_100, network, lambda windows: energy(network, "convolutions.2"))

`menura.systems.dream.networks.network` reads a trained run.
"""

from menura.dreaming.amounts import course
from menura.dreaming.dream import Dream, Plan, dream
from menura.dreaming.layers import Layer, Network, layers
from menura.dreaming.objectives import (
    Objective,
    energy,
    guided,
    inversion,
    kept,
    rms,
    toward,
    unit,
    weighted,
)
from menura.dreaming.optimise import Result, optimise

__all__ = [
    "Dream",
    "Layer",
    "Network",
    "Objective",
    "Plan",
    "Result",
    "course",
    "dream",
    "energy",
    "guided",
    "inversion",
    "kept",
    "layers",
    "optimise",
    "rms",
    "toward",
    "unit",
    "weighted",
]
