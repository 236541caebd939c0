"""Who made it: names compared loosely, and tracks that must stay together because they share one.

A credit is what a tag says ("Ann Lee & Bo", 'Christian "Crystan" Hoffmann'); it holds one name or
several. Two names are the same when their letters and digits are, without case and accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

ASIDE = re.compile(r"""\(([^)]*)\)|\[([^]]*)\]|(?<!\w)["'“‘](.+?)["'”’](?!\w)""")
BETWEEN = re.compile(r"\s*[&,;/+]\s*|\s+(?:and|feat\.?|featuring|ft\.?|vs\.?|with|aka)\s+", re.I)
NOBODY = {"", "various", "variousartists", "unknown", "unknownartist", "others"}


def same(name: str) -> str:
    """A name without case, accents, spaces and punctuation: equal for two ways of writing it.

    >>> same("D.J. Hélium") == same("dj helium")
    True
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def names(credit: str) -> list[str]:
    """The names in a credit, folded by `same`; those that name nobody are left out.

    >>> names("Ann Lee & Bo (The Band)")
    ['annlee', 'bo', 'theband']
    """
    asides = [next(filter(None, found.groups()), "") for found in ASIDE.finditer(credit)]
    parts = [part for text in (ASIDE.sub(" ", credit), *asides) for part in BETWEEN.split(text)]
    return [name for name in map(same, parts) if name not in NOBODY]


def together(keys: Sequence[Iterable[str]]) -> list[int]:
    """For each item the number of its cluster: items that share a key, also by way of others.

    Clusters are numbered in order of appearance; an item without a key is a cluster of its own.

    >>> together([["a"], ["b"], ["a", "b"], [], ["c"]])
    [0, 0, 0, 1, 2]
    """
    parent = list(range(len(keys)))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    owner: dict[str, int] = {}
    for item, own in enumerate(keys):
        for key in own:
            parent[root(item)] = root(owner.setdefault(key, item))
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(item), len(numbers)) for item in range(len(keys))]
