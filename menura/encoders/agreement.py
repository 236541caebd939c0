"""Do an encoder's tags hold? Its words beside the classes that people gave, word by word.

A tag is compared with the class of the same name, whatever the case of its letters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from menura.encoders.protocol import Tag
from menura.metrics.hearing import Known
from menura.metrics.tags import CheckedTag, check_tags


def agreement(
    probabilities: np.ndarray, tags: Sequence[Tag], known: Known, judged: Sequence[str]
) -> dict[str, CheckedTag]:
    """Of each tag that is also a class: how its probabilities [n, K] agree, on those splits."""
    heard = np.isfinite(probabilities).all(1)
    rows = np.isin(known.splits, judged) & heard & (known.classes != "")
    classes = {name.lower(): name for name in np.unique(known.classes[rows])}
    columns = [k for k, tag in enumerate(tags) if tag.name.lower() in classes]
    if not columns:
        return {}
    labels = [known.classes[rows] == classes[tags[k].name.lower()] for k in columns]
    found = check_tags(
        probabilities[rows][:, columns], np.stack(labels, 1).astype(float), known.groups[rows]
    )
    return {tags[k].name: one for k, one in zip(columns, found, strict=True) if one is not None}
