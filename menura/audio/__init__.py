"""Sound in and out: open, decode, resample, identify, read tags; spectra in NumPy.

FFmpeg, soxr and tinytag are imported where they are used, so importing this costs nothing.
"""

from menura.audio.chroma import chromagram
from menura.audio.constant_q import constant_q
from menura.audio.decode import Stream, load, stream
from menura.audio.features import (
    decibels,
    log1p_power,
    log_mel_blocks,
    magnitude_spectrogram,
    mel_blocks,
    mel_spectrogram,
    mfcc,
    power_spectrogram,
    stft,
    stream_frames,
)
from menura.audio.files import EXTENSIONS, open_regular, shown
from menura.audio.filetags import FileTags, read_tags
from menura.audio.identity import identify
from menura.audio.mel import mel_filters
from menura.audio.pyramids import gaussian_pyramid, laplacian_pyramid, multiresolution
from menura.audio.resampling import Resampler, resample
from menura.audio.tempogram import tempogram
from menura.audio.wave import check_wave, cut, write

__all__ = [
    "EXTENSIONS",
    "FileTags",
    "Resampler",
    "Stream",
    "check_wave",
    "chromagram",
    "constant_q",
    "cut",
    "decibels",
    "gaussian_pyramid",
    "identify",
    "laplacian_pyramid",
    "load",
    "log1p_power",
    "log_mel_blocks",
    "magnitude_spectrogram",
    "mel_blocks",
    "mel_filters",
    "mel_spectrogram",
    "mfcc",
    "multiresolution",
    "open_regular",
    "power_spectrogram",
    "read_tags",
    "resample",
    "shown",
    "stft",
    "stream",
    "stream_frames",
    "tempogram",
    "write",
]
