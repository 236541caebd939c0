"""Which tags does it have? Features without labels, learnt at several time scales."""

from menura.systems.multiscale.config import CONFIGS
from menura.systems.registry import System

SINGLE, PAIR, FOUR, SIX = 110_250, 210_250, 410_250, 610_250  # weights, by scales
WIDE = 3_620_450

SYSTEM = System(
    name="multiscale",
    summary="tags of 10 s of music, by dictionaries of its spectra at several time scales",
    source="Dieleman & Schrauwen, ISMIR 2013",
    configs=dict(zip(CONFIGS, [SINGLE] * 4 + [PAIR] * 6 + [FOUR, SIX, SIX, WIDE], strict=True)),
)
