"""Draw how the encoder's figures grow with its music and its size.

    python scripts/plot_growth.py menura/systems/encoder/runs.json growth.png

Runs whose `group` is `music` differ in the windows they learnt from, those of `size` in parameters.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

AXES = {"music": ("windows", "windows of 3 s"), "size": ("parameters", "parameters")}
MEASURES = ("genre accuracy", "emotion AUC", "artist mAP")


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("two paths are needed: the table of runs and the picture")
    runs = json.loads(Path(sys.argv[1]).read_text("utf-8"))["runs"]
    figure, panels = plt.subplots(2, 2, figsize=(10, 6), layout="constrained")
    for (group, (key, label)), column in zip(AXES.items(), panels.T, strict=True):
        chosen = sorted((run for run in runs if group in run["group"]), key=lambda run: run[key])
        x = [run[key] for run in chosen]
        for place, name in enumerate(MEASURES):
            column[0].plot(
                x, [run["figures"]["emotify"][place] for run in chosen], "o-", label=name
            )
        column[1].plot(x, [run["held_out"]["embeddings"] for run in chosen], "o-", color="black")
        column[0].set_ylabel("folds by artist, unheard artists")
        column[1].set_ylabel("teachers' variance missed, held out")
        for panel in column:
            panel.set_xscale("log")
            panel.set_xlabel(label)
            panel.grid(alpha=0.3)
    panels[0, 0].legend()
    figure.savefig(sys.argv[2], dpi=100)


if __name__ == "__main__":
    main()
