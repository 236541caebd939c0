"""Frames of a spectrogram, reduced, gathered over time and classified: a pipeline of parts."""

from menura.systems.registry import System

SYSTEM = System(
    name="frames",
    summary="tags from frames: MFCC, PCA or a CNN, then a bag of frames or an LSTM",
    source="Sankaran, slides, 2017",
    configs={"small": 250_162, "lstm": 13_010_994, "bag": 51_250},
)
