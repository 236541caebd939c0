"""Figures and how far to trust them: NumPy alone.

Metrics answer NaN where data of one kind only leaves nothing to measure, and raise ValueError, in
a sentence, for what is no data (wrong shapes, NaN, labels other than 0 and 1).
"""

from menura.metrics.bootstrap import Interval, bootstrap, difference
from menura.metrics.calibration import Bin, brier, calibration_error, log_loss, reliability, wilson
from menura.metrics.calibrators import (
    Isotonic,
    Platt,
    Temperature,
    fit_isotonic,
    fit_platt,
    fit_temperature,
    logit,
)
from menura.metrics.classes import accuracy, f1, f1_macro, f1_micro, mean_recall, recalls
from menura.metrics.diagram import reliability_diagram
from menura.metrics.probes import Probe, Scale, fit_probe, standardise
from menura.metrics.ranking import (
    average_precision,
    by_tag,
    mean_average_precision,
    retrieval,
    roc_auc,
)
from menura.metrics.tags import CheckedTag, check_tags

__all__ = [
    "Bin",
    "CheckedTag",
    "Interval",
    "Isotonic",
    "Platt",
    "Probe",
    "Scale",
    "Temperature",
    "accuracy",
    "average_precision",
    "bootstrap",
    "brier",
    "by_tag",
    "calibration_error",
    "check_tags",
    "difference",
    "f1",
    "f1_macro",
    "f1_micro",
    "fit_isotonic",
    "fit_platt",
    "fit_probe",
    "fit_temperature",
    "log_loss",
    "logit",
    "mean_average_precision",
    "mean_recall",
    "recalls",
    "reliability",
    "reliability_diagram",
    "retrieval",
    "roc_auc",
    "standardise",
    "wilson",
]
