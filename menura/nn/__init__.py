"""Layers that several systems use, in torch: front ends on waves, PCA, K-means."""

from menura.nn.frontends import Decibels, Log1p, Mel, Mfcc, Spectrogram
from menura.nn.kmeans import Kmeans, SphericalKmeans
from menura.nn.musical import Chroma, ConstantQ, Tempogram
from menura.nn.pca import Pca

__all__ = [
    "Chroma",
    "ConstantQ",
    "Decibels",
    "Kmeans",
    "Log1p",
    "Mel",
    "Mfcc",
    "Pca",
    "Spectrogram",
    "SphericalKmeans",
    "Tempogram",
]
