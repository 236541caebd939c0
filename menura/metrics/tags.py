"""Which tags may be called `checked`: their probabilities compared with what people said.

Letters: n tracks, K tags. A tag is checked when
1. at least 10 tracks that have it, of at least 5 groups (artists), were heard, and
2. in each third of its tracks by rising probability, the mean of what was said lies in the Wilson
   interval of the share that is true; the three intervals hold together at 95 %.
The intervals take tracks for independent, which tracks of one artist are not, so they are rather
too narrow: the rule errs by refusing. Checked does not mean certain; ROC-AUC says how well a tag
separates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from menura.metrics.bootstrap import Interval, bootstrap
from menura.metrics.calibration import Bin, calibration_error, reliability
from menura.metrics.ranking import roc_auc

POSITIVES, GROUPS, THIRDS = 10, 5, 3
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class CheckedTag:
    """How one tag agrees with labels; intervals over groups."""

    tracks: int  # with a known label
    positives: int  # of them, that have the tag
    groups: int  # that the positives are of
    auc: Interval
    error: Interval  # expected calibration error, in thirds
    table: tuple[Bin, ...]  # the thirds
    why_not: str | None  # a sentence; None when it may be called checked

    @property
    def checked(self) -> bool:
        return self.why_not is None


def check_tags(
    probabilities: np.ndarray,
    labels: np.ndarray,
    groups: Sequence[object] | np.ndarray,
    *,
    rounds: int = 1000,
    seed: int = 0,
) -> tuple[CheckedTag | None, ...]:
    """One answer a tag, for [n, K] probabilities and labels (0, 1, NaN unknown), and groups [n].

    None for a tag of which no label is known.
    """
    said, labels = np.asarray(probabilities, float), np.asarray(labels, float)
    if said.ndim != 2 or said.shape != labels.shape or len(groups) != len(said):
        raise ValueError(
            f"probabilities have the shape {said.shape}, labels {labels.shape} and there are "
            f"{len(groups)} groups; [n, K], [n, K] and n are needed"
        )
    names = np.asarray(groups)
    known = ~np.isnan(labels)
    return tuple(
        check(said[k, tag], labels[k, tag], names[k], rounds, seed) if k.any() else None
        for tag, k in enumerate(known.T)
    )


def check(
    said: np.ndarray, labels: np.ndarray, groups: np.ndarray, rounds: int, seed: int
) -> CheckedTag:
    """The answer for one tag, whose labels [n] are all known."""

    def auc(items: np.ndarray) -> float:
        return roc_auc(said[items], labels[items])

    def error(items: np.ndarray) -> float:
        return calibration_error(said[items], labels[items], bins=THIRDS)

    level = 1 - (1 - LEVEL) / THIRDS
    table = reliability(said, labels, bins=THIRDS, level=level)
    positives, among = int(labels.sum()), len(np.unique(groups[labels == 1]))
    return CheckedTag(
        tracks=len(labels),
        positives=positives,
        groups=among,
        auc=bootstrap(auc, groups, rounds=rounds, seed=seed),
        error=bootstrap(error, groups, rounds=rounds, seed=seed),
        table=table,
        why_not=refusal(positives, among, table),
    )


def refusal(positives: int, groups: int, table: tuple[Bin, ...]) -> str | None:
    """Why a tag may not be called checked, or None."""
    if positives < POSITIVES or groups < GROUPS:
        return (
            f"{positives} tracks of {groups} artists have it; "
            f"{POSITIVES} of {GROUPS} are the least to judge by"
        )
    for row in table:
        if not row.kept:
            return (
                f"where it says {row.said:.2f}, {row.true:.2f} of {row.count} tracks have it "
                f"(between {row.low:.2f} and {row.high:.2f})"
            )
    return None


def tag_line(name: str, one: CheckedTag) -> str:
    """What was found of a tag, for people."""
    auc, error = one.auc, one.error
    verdict = "it holds" if one.checked else f"not checked: {one.why_not}"
    return (
        f"  tag {name}: {one.positives} of {one.tracks} tracks; "
        f"ROC-AUC {auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}], "
        f"calibration error {error.value:.3f} [{error.low:.3f}, {error.high:.3f}]; {verdict}"
    )
