"""Music to learn from: labelled collections, splits by artist, augmentation.

Nothing heavy is imported before a file is read.
"""

from menura.datasets.folders import read
from menura.datasets.splits import Splits, by_artist
from menura.datasets.table import Dataset, Item

__all__ = ["Dataset", "Item", "Splits", "by_artist", "read"]
