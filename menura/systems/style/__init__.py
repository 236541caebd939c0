"""Which style is it? A network on the raw wave."""

from menura.systems.registry import System

SYSTEM = System(
    name="style",
    summary="which style a clip of 5 s is of, from the raw wave",
    source="Geng, thesis, 2016",
    configs={"thesis": 2_503_564, "quick": 2_503_564},
)
