"""MagnaTagATune: 25,863 clips of 29 s, tagged by players of a game. Law, West, Mandel, Bay and
Downie, ISMIR 2009.

Tables are separated by tabs: annotations_final.csv (clip_id, 188 tags of 0 and 1, mp3_path) and
clip_info_final.csv (artist, segmentStart and segmentEnd in s, mp3_path). Both protocols use the
50 most frequent tags: `folder` is 0-b, c, d-f for training, validation and test (18,709, 1,825 and
5,329 clips); `clean` keeps of these the clips with one of the tags (Lee, Park, Kim and Nam, SMC
2017: 15,250, 1,529 and 4,332).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from menura.audio import shown
from menura.datasets.published.copies import (
    Loaded,
    Published,
    Tags,
    columns,
    first,
    lines,
    present,
    records,
    rows,
    some,
    whole,
)
from menura.datasets.table import SPLITS, Item
from menura.errors import DataError

TABLE, INFO, PATH = "annotations_final.csv", "clip_info_final.csv", "mp3_path"
FOLDERS = dict.fromkeys("0123456789ab", "train") | {"c": "valid"} | dict.fromkeys("def", "test")
CLEAN = {"train": 15_250, "valid": 1_529, "test": 4_332}
TOP = 50
LISTS = ("{}.npy", "{}.txt", "{}_list_pub.txt")
PIECE = re.compile(r"-\d+-\d+\.mp3$")  # a clip is called after its track and its seconds in it
BROKEN = frozenset(  # in the published archive; the musicnn authors leave them out as well
    {
        "6/norine_braun-now_and_zen-08-gently-117-146.mp3",
        "8/jacob_heringman-josquin_des_prez-19-gintzler__pater_noster-204-233.mp3",
        "9/american_baroque-dances_and_suites_of_rameau_and_couperin-25-le_petit_rien_trio_xiv_"
        "concert_couperin-88-117.mp3",
    }
)
TAGS = """guitar, classical, slow, techno, strings, drums, electronic, rock, fast, piano, ambient,
beat, violin, vocal, synth, female, indian, opera, male, singing, vocals, no vocals, harpsichord,
loud, quiet, flute, woman, male vocal, no vocal, pop, soft, sitar, solo, man, classic, choir, voice,
new age, dance, male voice, female vocal, beats, harp, cello, no voice, weird, country, metal,
female voice, choral"""
PUBLISHED_TAGS = tuple(" ".join(TAGS.split()).split(", "))  # of the musicnn library


def found(root: Path) -> Path | None:
    return first(root / TABLE)


def load(root: Path, variant: str) -> Loaded:
    """The clips with their tags and the split of a protocol."""
    problems: list[str] = []
    tagged = answers(root / TABLE, problems)
    problems += odd_tags(tagged)
    infos, audio = about(root, problems), folder(root)
    items = [clip(audio, path, tags, infos.get(path, {})) for path, tags in tagged.items()]
    if variant == "clean":
        items = clean(root, items, problems)
    sound = [item for item in items if inside(item.path) not in BROKEN]
    problems += some([i.path for i in items if inside(i.path) in BROKEN], "clips known as broken")
    there, missing = present("MagnaTagATune", sound)
    return Loaded(items=tuple(there), problems=(*problems, *missing), audio=audio)


def answers(path: Path, problems: list[str]) -> dict[str, Tags]:
    """The answers to the most frequent tags for each clip, by its path."""
    table = rows(path, "\t")
    header = next(table, [])
    last = columns(path, header, ("clip_id", PATH))[PATH]
    tags, clips = header[1:last], list(whole(path, table, len(header), problems))
    cells = np.array([row[1:last] for row in clips])
    if not cells.size or not np.isin(cells, ("0", "1")).all():
        raise DataError(f"{shown(path)} lists no clip, or a tag that is not 0 or 1; copy it again")
    yes = cells == "1"
    best = np.argsort(-yes.sum(axis=0), kind="stable")[:TOP]
    names = {tags[n]: k for k, n in enumerate(best)}
    return {
        row[last]: Tags(names, [tags[n] for n in best if said[n]])
        for row, said in zip(clips, yes, strict=True)
    }


def odd_tags(tagged: dict[str, Tags]) -> Iterator[str]:
    names = next(iter(tagged.values())).names
    other = sorted(set(PUBLISHED_TAGS) - set(names))
    if other:
        yield f"{TABLE} was changed or cut: {', '.join(other[:5])} should be among its {TOP} tags"


def about(root: Path, problems: list[str]) -> dict[str, dict[str, str]]:
    """Artist and seconds by the path of a clip."""
    path = first(root / INFO)
    if path is None:
        problems.append(f"{INFO} is missing, so artists are unknown: get it beside {TABLE}")
        return {}
    wanted = ("artist", "segmentStart", "segmentEnd", PATH)
    return {row[PATH]: row for row in records(path, "\t", wanted, problems)}


def folder(root: Path) -> Path:
    """Where the sixteen folders lie."""
    places = [root / name for name in ("mp3", "mp3s", "audio")]
    return next((p for p in places if any((p / name).is_dir() for name in FOLDERS)), root)


def inside(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def clip(audio: Path, path: str, tags: Tags, info: dict[str, str]) -> Item:
    times = [info.get(name, "") for name in ("segmentStart", "segmentEnd")]
    known = all(time.isdigit() for time in times)
    return Item(
        path=audio / path,
        artist=info.get("artist") or None,
        group=PIECE.sub("", path),
        split=FOLDERS.get(path[:1]),
        labels=tags,
        seconds=float(int(times[1]) - int(times[0])) if known else None,
        source="MagnaTagATune",
        licence="CC BY-NC-SA 1.0",  # of Magnatune's tracks, as each clip's comment says
    )


def clean(root: Path, items: Sequence[Item], problems: list[str]) -> list[Item]:
    """The clips of the clean split, by the authors' lists or, without them, by its rule."""
    files = {split: listed(root, split) for split in SPLITS}
    missing = [split for split, paths in files.items() if paths is None]
    if missing:
        kept = [item for item in items if any(item.labels.values())]
        counts = Counter(item.split for item in kept)
        problems.append(
            "the clean split is derived: clips of the folder split with one of the tags, "
            f"{' / '.join(str(counts[s]) for s in SPLITS)}; the authors' own lists have "
            f"{' / '.join(str(CLEAN[s]) for s in SPLITS)} (they are read "
            f"as train.txt, valid.txt and test.txt beside {TABLE})"
        )
        return kept
    split_of = {path: split for split, paths in files.items() for path in paths or ()}
    return [
        replace(item, split=split_of[inside(item.path)])
        for item in items
        if inside(item.path) in split_of
    ]


def listed(root: Path, split: str) -> list[str] | None:
    """The paths of a list: the last word of each line. Raises DataError for a pickle."""
    path = first(*(root / name.format(split) for name in LISTS))
    if path is None:
        return None
    if path.suffix != ".npy":
        return [line.split()[-1] for line in lines(path)]
    try:
        cells = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(
            f"{shown(path)} is a pickle or damaged, and pickles are not read; write it as "
            f"{split}.txt, a path such as 0/clip.mp3 a line, or remove it to have the split derived"
        ) from error
    return [str(cell).split()[-1] for cell in cells.ravel()]


MTT = Published(
    name="mtt",
    title="MagnaTagATune",
    authors="Law, West, Mandel, Bay and Downie (ISMIR 2009)",
    home="the MagnaTagATune page of the music informatics group of City, University of London",
    needs=f"{TABLE} (with {INFO} and the folders 0 to f of mp3 beside it or in mp3/)",
    variants=("folder", "clean"),
    found=found,
    load=load,
)
