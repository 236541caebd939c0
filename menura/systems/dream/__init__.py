"""Music re-dreamt through a trained network. It trains nothing itself."""

from menura.systems.registry import System

SYSTEM = System(
    name="dream",
    summary="music re-dreamt through a network that another system trained: `menura dream`",
    source="Geng, thesis, 2016",
    configs={},
)
