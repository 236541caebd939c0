"""A reproduced table: rows of measured cells, the paper's orders beside ours, text.

A run's figures are {"seed", "steps", "parameters", "test": {name: [value, low, high]}, ...}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from menura.systems.cells import Cell, Order

SHOWN = ("accuracy", "clip_accuracy", "recall", "auc", "pr_auc")


def row(cell: Cell, seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """A cell with what was measured of its runs: mean and deviation over seeds."""
    values = {name: [one["test"][name][0] for one in seeds] for name in seeds[0]["test"]}
    return {
        "name": cell.name,
        "config": cell.config,
        "parameters": seeds[0]["parameters"],
        "paper": dict(cell.paper),
        "seeds": seeds,
        "mean": {name: float(np.mean(found)) for name, found in values.items()},
        "spread": {name: float(np.std(found)) for name, found in values.items()},
    }


def compared(orders: Sequence[Order], rows: Sequence[Mapping[str, Any]]) -> Iterator[dict]:
    """Where the paper's orders hold here, and a sentence for each."""
    means = {one["name"]: one["mean"] for one in rows}
    for order in orders:
        ours = [means.get(name, {}).get(order.figure) for name in (order.better, order.worse)]
        if None in ours:
            continue
        kept = ours[0] > ours[1]
        said = f"{order.better} {'above' if kept else 'NOT above'} {order.worse}"
        reason = f" ({order.why})" if order.why else ""
        yield {
            "better": order.better,
            "worse": order.worse,
            "figure": order.figure,
            "ours": ours,
            "kept": kept,
            "sentence": f"{said} in {order.figure}: {ours[0]:.3f} and {ours[1]:.3f}{reason}",
        }


def markdown(table: Mapping[str, Any]) -> Iterator[str]:
    """The table as text: mean of the seeds ± their deviation [interval of the first seed]."""
    there = {name for one in table["rows"] for name in one["mean"]}
    names = [name for name in SHOWN if name in there]
    printed = [name for name in SHOWN if any(name in one["paper"] for one in table["rows"])]
    head = ["cell", "weights", "seeds", "steps", *names, *(f"paper: {name}" for name in printed)]
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for one in table["rows"]:
        cells = [one["name"], f"{one['parameters']:,}", str(len(one["seeds"]))]
        cells += [str(one["seeds"][0]["steps"]), *(figure(one, name) for name in names)]
        cells += [f"{one['paper'][n]:.3f}" if n in one["paper"] else "" for n in printed]
        yield f"| {' | '.join(cells)} |"
    yield ""
    for order in table["orders"]:
        yield f"- {order['sentence']}"
    for problem in table["problems"]:
        yield f"- Not made: {problem}"


def figure(one: Mapping[str, Any], name: str) -> str:
    _, low, high = one["seeds"][0]["test"][name]
    interval = "" if low is None else f" [{low:.3f}, {high:.3f}]"
    spread = f" ± {one['spread'][name]:.3f}" if len(one["seeds"]) > 1 else ""
    return f"{one['mean'][name]:.3f}{spread}{interval}"
