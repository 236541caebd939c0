"""How well embeddings hear: three probes of what people know of tracks.

classes   Logistic regression on standard scores, fitted on the train split; its strength C is the
          one with the best accuracy on the tuning split. Classes of few train tracks or artists
          are left out.
values    Each number that people gave (a mood, a tempo): is a track in the top third, the limit
          being that of the train split? One regression a number, one C for all; the mean ROC-AUC.
artists   Retrieval among the judged tracks: by cosine of standard scores (of the train split), do
          tracks of the same artist come first? Mean average precision.

Letters: n tracks, D numbers in an embedding, L values. Intervals draw groups (artists), not tracks.
Tracks of one group must stand in one split; who splits sees to that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from menura.metrics.bootstrap import Interval, bootstrap
from menura.metrics.classes import mean_recall, recalls
from menura.metrics.probes import fit_probe, standardise
from menura.metrics.ranking import by_tag, retrieval, roc_auc

STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 1.0)
UNTUNED = 1e-2  # the strength where no track can choose one
CLASS_TRACKS, CLASS_ARTISTS = 8, 3  # of a class in train, at least
VALUE_TRACKS = 8  # with a known value in train, at least
TOP = 2 / 3  # quantile above which a value is high


class Unmeasurable(Exception):
    """The data do not allow a probe; the sentence says why."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """What people know of n tracks; "" and NaN where they do not.

    Raises ValueError where the lengths differ.
    """

    splits: np.ndarray  # [n] text
    groups: np.ndarray  # [n] text: what must stay together
    artists: np.ndarray  # [n] text
    classes: np.ndarray  # [n] text
    values: Mapping[str, np.ndarray] = field(default_factory=dict)  # [n] float each

    def __post_init__(self) -> None:
        parts = {name: getattr(self, name) for name in ("groups", "artists", "classes")}
        for name, row in (parts | dict(self.values)).items():
            if len(row) != len(self.splits):
                raise ValueError(
                    f"{name} has {len(row)} entries for {len(self.splits)} tracks; one each"
                )

    def take(self, rows: np.ndarray) -> Known:
        """The same of some tracks."""
        return Known(
            splits=self.splits[rows],
            groups=self.groups[rows],
            artists=self.artists[rows],
            classes=self.classes[rows],
            values={name: value[rows] for name, value in self.values.items()},
        )


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One probe's answer."""

    probe: str  # classes, values or artists
    measure: str
    figure: Interval
    chance: float  # what would be reached without hearing
    tracks: int  # judged
    each: dict[str, float]  # by class: recall; by value: ROC-AUC
    mean_recall: Interval | None = None  # of classes
    strength: float | None = None  # C of the regression


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Which split is judged, which tunes, and how intervals are drawn."""

    judged: str = "test"
    tuned: str = "valid"
    rounds: int = 1000
    seed: int = 0


def class_probe(x: np.ndarray, known: Known, setting: Setting) -> Figure:
    """Accuracy, and recall by class, for embeddings [n, D]; raises Unmeasurable."""
    train = known.splits == "train"
    classes = learnable(known, train, CLASS_TRACKS, CLASS_ARTISTS)
    usable = np.isin(known.classes, classes)
    train, tuned, judged = train & usable, *parts(known, setting, usable)

    def told(strength: float, rows: np.ndarray) -> np.ndarray:
        return fit_probe(x[train], known.classes[train], strength).predict(x[rows])

    def tuning(strength: float) -> float:
        return float((told(strength, tuned) == known.classes[tuned]).mean())

    strength = chosen(tuning, tuned)
    true, said = known.classes[judged], told(strength, judged)
    names, counts = np.unique(known.classes[train], return_counts=True)

    def interval(statistic: Callable[[np.ndarray], float]) -> Interval:
        groups = known.groups[judged]
        return bootstrap(statistic, groups, rounds=setting.rounds, seed=setting.seed)

    return Figure(
        probe="classes",
        measure="accuracy",
        figure=interval(lambda items: float((said == true)[items].mean())),
        mean_recall=interval(lambda items: mean_recall(true[items], said[items])),
        chance=float((true == names[counts.argmax()]).mean()),
        tracks=len(true),
        each=recalls(true, said),
        strength=strength,
    )


def value_probe(x: np.ndarray, known: Known, setting: Setting) -> Figure:
    """Mean ROC-AUC of the top third of each value, for embeddings [n, D]; raises Unmeasurable."""
    train = known.splits == "train"
    high = highs(known, train)
    labels = np.stack(list(high.values()), axis=1)  # [n, L] 0, 1, NaN
    tuned, judged = parts(known, setting, ~np.isnan(labels).all(axis=1))

    def scores(strength: float, rows: np.ndarray) -> np.ndarray:  # [rows, L]
        fits = [train & ~np.isnan(label) for label in labels.T]
        probes = [
            fit_probe(x[fit], label[fit], strength)
            for fit, label in zip(fits, labels.T, strict=True)
        ]
        return np.stack([probe.logits(x[rows]) for probe in probes], axis=1)

    def tuning(strength: float) -> float:
        return mean(by_tag(roc_auc, scores(strength, tuned), labels[tuned]))

    strength = chosen(tuning, tuned)
    said, true = scores(strength, judged), labels[judged]
    each = by_tag(roc_auc, said, true)
    if not np.isfinite(each).any():
        raise Unmeasurable(f"no value has high and low tracks in the {setting.judged} split")
    return Figure(
        probe="values",
        measure="mean ROC-AUC",
        figure=bootstrap(
            lambda items: mean(by_tag(roc_auc, said[items], true[items])),
            known.groups[judged],
            rounds=setting.rounds,
            seed=setting.seed,
        ),
        chance=0.5,
        tracks=len(true),
        each={name: float(auc) for name, auc in zip(high, each, strict=True) if np.isfinite(auc)},
        strength=strength,
    )


def artist_probe(x: np.ndarray, known: Known, setting: Setting) -> Figure:
    """Retrieval of artists among the judged of embeddings [n, D]; raises Unmeasurable."""
    _, judged = parts(known, setting, known.artists != "")
    train = known.splits == "train"
    scores = standardise(x[train] if train.any() else x[judged]).apply(x[judged])
    precision, queries = retrieval(scores, known.artists[judged])
    if not len(queries):
        raise Unmeasurable(
            f"no artist has two tracks in the {setting.judged} split: nothing to retrieve"
        )
    _, place, count = np.unique(known.artists[judged], return_inverse=True, return_counts=True)
    others = len(place) - 1
    return Figure(
        probe="artists",
        measure="mean average precision",
        figure=bootstrap(
            lambda items: float(precision[items].mean()),
            known.groups[judged][queries],
            rounds=setting.rounds,
            seed=setting.seed,
        ),
        chance=float(np.mean([random_precision(c - 1, others) for c in count[place][queries]])),
        tracks=len(queries),
        each={},
    )


def parts(known: Known, setting: Setting, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The usable tracks that tune, and those judged, as booleans [n]."""
    judged = (known.splits == setting.judged) & usable
    if not judged.any():
        raise Unmeasurable(f"no track of the {setting.judged} split has what is asked for")
    return (known.splits == setting.tuned) & usable, judged


def learnable(known: Known, train: np.ndarray, tracks: int, artists: int) -> list[str]:
    """Classes with enough train tracks and artists; raises Unmeasurable below two."""
    makers = np.where(known.artists != "", known.artists, known.groups)
    names = []
    for name in np.unique(known.classes[train & (known.classes != "")]):
        of_class = train & (known.classes == name)
        if of_class.sum() >= tracks and len(np.unique(makers[of_class])) >= artists:
            names.append(str(name))
    if len(names) < 2:
        found = f"only {names[0]!r} has" if names else "no class has"
        raise Unmeasurable(
            f"{found} {tracks} train tracks of {artists} artists; two such classes are needed"
        )
    return names


def highs(known: Known, train: np.ndarray) -> dict[str, np.ndarray]:
    """Of each value that train can teach, whether it is high: 1, 0 or NaN, [n]."""
    found = {}
    for name, value in known.values.items():
        seen = value[train & ~np.isnan(value)]
        if len(seen) < VALUE_TRACKS or seen.min() == seen.max():
            continue
        limit = np.quantile(seen, TOP)
        high = value > limit if (seen > limit).any() else value >= limit  # yes and no: many tie
        found[name] = np.where(np.isnan(value), np.nan, high)
    if not found:
        given = ", ".join(known.values) or "none was given"
        raise Unmeasurable(
            f"no value varies over {VALUE_TRACKS} train tracks or more (values: {given})"
        )
    return found


def chosen(tuning: Callable[[float], float], tuned: np.ndarray) -> float:
    """The strength with the best figure, of equals the least; `UNTUNED` where none has one."""
    figures = [tuning(strength) if tuned.any() else np.nan for strength in STRENGTHS]
    return STRENGTHS[int(np.nanargmax(figures))] if np.isfinite(figures).any() else UNTUNED


def random_precision(wanted: int, n: int) -> float:
    """Expected average precision of a random order of n items, `wanted` of them relevant."""
    harmonic = float((1 / np.arange(1, n + 1)).sum())
    return (harmonic + (wanted - 1) / max(n - 1, 1) * (n - harmonic)) / n


def mean(figures: Sequence[float] | np.ndarray) -> float:
    """Mean of those that are known; NaN where none is."""
    finite = np.asarray(figures)[np.isfinite(figures)]
    return float(finite.mean()) if len(finite) else float("nan")
