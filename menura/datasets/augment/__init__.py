"""Music changed at random, so that a network learns what does not matter.

Waves in `waves` and `stretching`, spectrograms in `spectra`. Nothing changes its input, and
whatever is drawn is drawn from the generator given: the same generator, the same result.
"""

from menura.datasets.augment.spectra import equalize, level, mask_mels, mask_time, tilt
from menura.datasets.augment.stretching import pitch_shift, time_stretch
from menura.datasets.augment.waves import (
    codec_loss,
    coloured,
    crop,
    gain,
    mix,
    pink,
    varispeed,
    white,
)

__all__ = [
    "codec_loss",
    "coloured",
    "crop",
    "equalize",
    "gain",
    "level",
    "mask_mels",
    "mask_time",
    "mix",
    "pink",
    "pitch_shift",
    "tilt",
    "time_stretch",
    "varispeed",
    "white",
]
