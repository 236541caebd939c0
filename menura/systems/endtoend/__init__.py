"""Which tags does it have? The raw wave beside the spectrogram, in one network."""

from menura.systems.endtoend.config import CONFIGS
from menura.systems.registry import System

SPECTROGRAM = (49_374, 58_974, 58_974, 78_174, 78_174)  # weights, by rising detail
RAW = (180_574, 190_174, 124_638, 143_838, 111_070)

SYSTEM = System(
    name="endtoend",
    summary="tags of 3 s of music, learnt from the raw wave or from a spectrogram",
    source="Dieleman & Schrauwen, ICASSP 2014",
    configs=dict(zip(CONFIGS, SPECTROGRAM + RAW, strict=True)),
)
