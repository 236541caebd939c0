"""Why two tracks are neighbours, in words that can be checked by listening."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from menura.library.records import Listed

LIKELY = 0.1  # a tag below this probability is no reason
MOST = 3  # tags named


def shared_reasons(
    own: Listed | None, other: Listed, tags: dict[str, float], usual: dict[str, float]
) -> tuple[str, ...]:
    """What two tracks share: artist, album, and the tags that set both apart from the library.

    `own` is None for a file that is not in the library; `usual` is the library's mean by tag.
    """
    reasons = []
    if own and own.artist and own.artist == other.artist:
        reasons.append(f"both by {own.artist}")
        if own.album and own.album == other.album:
            reasons.append(f"both on {own.album}")
    together = {
        tag: min(lift(tags[tag], usual[tag]), lift(other.tags[tag], usual[tag]))
        for tag in usual
        if min(tags[tag], other.tags[tag]) > LIKELY
    }
    named = [tag for tag in sorted(together, key=lambda tag: -together[tag]) if together[tag] > 0]
    if named:
        reasons.append("both " + ", ".join(named[:MOST]))
    return tuple(reasons)


def lift(probability: float, usual: float) -> float:
    """How much more likely than usual, in log odds."""
    return log_odds(probability) - log_odds(usual)


def log_odds(probability: float) -> float:
    inside = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(inside / (1 - inside))
