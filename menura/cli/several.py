"""Options that take all the words up to the next option: `--yes a b` as `--yes a --yes b`."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

SEVERAL = ("--yes", "--no", "--like", "--dislike")


class Several(TyperCommand):
    """A command with such options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, repeated(args))


def repeated(args: list[str]) -> list[str]:
    """The words with each such option before every word of its own.

    >>> repeated(["misty", "--yes", "a", "b", "--json"])
    ['misty', '--yes', 'a', '--yes', 'b', '--json']
    """
    spread, option, bare = list[str](), "", False
    for word in args:
        if word.startswith("-") and len(word) > 1:
            spread += [option] if bare else []
            option, bare = (word, True) if word in SEVERAL else ("", False)
            spread += [] if bare else [word]
        else:
            spread += [option, word] if option else [word]
            bare = False
    return spread + ([option] if bare else [])
