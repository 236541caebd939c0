"""menura's own encoder: small, taught by larger published networks."""

from menura.systems.registry import System

SYSTEM = System(
    name="encoder",
    summary="a small network that hears what several large ones hear, for `menura index`",
    source="menura; distillation after Hinton, Vinyals & Dean, 2015",
    configs={"base": 1_141_728},
)
