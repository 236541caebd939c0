"""Recommendation measured: on real plays without sound, and on real sound with made-up plays.

    python benchmarks/latent.py warm FOLDER        plays held out, HetRec Last.fm or Audioscrobbler
    python benchmarks/latent.py artists FOLDER     new artists of HetRec Last.fm, from their tags
    python benchmarks/latent.py speed              a million plays, beside implicit alone
    python benchmarks/latent.py match              100,000 tracks, names with faults
    python benchmarks/latent.py tracks MUSIC --weights FOLDER --library FILE --out FOLDER
                                                   new tracks, from their sound

Figures are means over listeners with 95 % intervals over draws of listeners; settings are chosen on
a part of what is learnt from. Needs the extras [learn] and (tracks) [studio].
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import scipy.sparse as sparse

from menura.datasets.listening import factors as wmf
from menura.datasets.listening import published
from menura.datasets.listening.factors import Wmf
from menura.datasets.listening.matching import match
from menura.datasets.listening.parts import held_out, without_items
from menura.datasets.listening.plays import Plays, Song
from menura.datasets.listening.reading import read_plays
from menura.metrics.recommend import Ranked, Row, ranked

Scores = Callable[[int], np.ndarray]  # of all songs, for a listener
SETTINGS = {"factors": (32, 64, 128), "alpha": (0.05, 0.2, 2.0), "regularisation": (1.0, 10.0)}
STRENGTHS = (0.1, 1.0, 10.0, 100.0, 1_000.0)  # of ridge regression


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("warm", "artists"):
        verbs.add_parser(verb).add_argument("folder", type=Path)
    verbs.add_parser("speed")
    verbs.add_parser("match")
    tracks = verbs.add_parser("tracks")
    tracks.add_argument("music", type=Path)
    tracks.add_argument("--weights", type=Path, help="folder with won_jamendo_musicnn.npz")
    tracks.add_argument("--library", type=Path, nargs="*", default=[], help="of the same files")
    tracks.add_argument("--out", type=Path, required=True)
    tracks.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    tracks.add_argument("--split", choices=("artist", "track"), default="artist")
    tracks.add_argument("--ways", nargs="+", default=None, help="names of ways; all")
    given = parser.parse_args()
    if given.verb == "warm":
        warm(given.folder)
    elif given.verb == "artists":
        artists(given.folder)
    elif given.verb == "tracks":
        import latent_tracks

        latent_tracks.tracks(given)
    else:
        {"speed": speed, "match": names}[given.verb]()


# ------------------------------------------------------------------ ways to recommend
def table(plays: Plays, values: np.ndarray) -> sparse.csr_matrix:
    return sparse.csr_matrix((values.astype(np.float32), (plays.user, plays.item)), plays.shape)


def popularity(plays: Plays) -> Scores:
    listeners = np.bincount(plays.item, minlength=len(plays.items)).astype(float)
    return lambda user: listeners


def neighbours(plays: Plays, nearest: int) -> Scores:
    """Items by the summed cosine to those of the listener, each item's `nearest` counting."""
    counts = table(plays, np.log1p(plays.count))
    norms = np.sqrt(np.asarray(counts.multiply(counts).sum(0)))[0]
    unit = counts @ sparse.diags(1 / np.maximum(norms, 1e-9))
    alike = (unit.T @ unit).tocsr()
    alike.setdiag(0)
    for row in range(alike.shape[0]):
        own = alike.data[alike.indptr[row] : alike.indptr[row + 1]]
        if len(own) > nearest:
            own[own < np.partition(own, -nearest)[-nearest]] = 0
    return lambda user: (counts[user] @ alike.T).toarray()[0]


def by_default(plays: Plays, values: np.ndarray) -> Scores:
    """implicit's own class with its own settings."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(random_state=0, num_threads=1)
    model.fit(table(plays, values), show_progress=False)
    return lambda user: model.item_factors @ model.user_factors[user]


# ------------------------------------------------------------------ real plays, known songs
def rows(known: Plays, wanted: Plays, scores: Scores, users: Iterable[int]) -> Iterable[Row]:
    """Each listener's songs that they had not played, and which of these they went on to play."""
    for user in users:
        new = np.ones(len(known.items), bool)
        new[known.of(user)[0]] = False
        hits = np.zeros(len(new), bool)
        hits[wanted.of(user)[0]] = True
        yield scores(user)[new], hits[new]


def best_wmf(known: Plays, valid: Plays, users: np.ndarray) -> Wmf:
    tried = []
    for values in product(*SETTINGS.values()):
        how = Wmf(**dict(zip(SETTINGS, values, strict=True)))
        found = wmf.fit(known, how, threads=1)
        precision = ranked(rows(known, valid, found.scores, users)).precision
        tried.append((float(np.nanmean(precision)), how))
        print(f"  valid mAP {tried[-1][0]:.4f}: {how}", flush=True)
    return max(tried, key=lambda one: one[0])[1]


def warm(folder: Path) -> None:
    plays = read_plays(folder)
    learn, test = held_out(plays, 0.2, seed=0)
    known, valid = held_out(learn, 0.2, seed=1)
    print(f"{plays.name}: {plays.shape} listeners and artists, {len(plays)} pairs", flush=True)
    few = np.random.default_rng(0).permutation(len(plays.users))[:500]
    how = best_wmf(known, valid, few)
    near = max(
        (10, 30, 100, 1_000), key=lambda k: valid_map(known, valid, neighbours(known, k), few)
    )
    print(f"chosen on valid: {how}; {near} neighbours", flush=True)
    fitted = wmf.fit(learn, how)
    chance = np.random.default_rng(2)
    ways = {
        "random": lambda user: chance.random(len(plays.items)),
        "popularity": popularity(learn),
        "nearest neighbours of items": neighbours(learn, near),
        "implicit, its defaults, plays as they are": by_default(learn, learn.count),
        "implicit, its defaults, played or not": by_default(learn, np.ones(len(learn))),
        "menura, the paper's alpha": wmf.fit(learn, replace(how, alpha=2.0)).scores,
        "menura": fitted.scores,
    }
    users = range(len(plays.users))
    shown({name: ranked(rows(learn, test, way, users)) for name, way in ways.items()})


def valid_map(known: Plays, valid: Plays, way: Scores, users: np.ndarray) -> float:
    return float(np.nanmean(ranked(rows(known, valid, way, users)).precision))


def shown(found: dict[str, Ranked]) -> None:
    print("| way | mAP | AUC |\n| --- | --- | --- |")
    for name, one in found.items():
        figures = one.intervals()
        print(f"| {name} | {figures['map']!s} | {figures['auc']!s} |", flush=True)


# ------------------------------------------------------------------ real plays, new artists
def artists(folder: Path) -> None:
    plays = published.lastfm(folder)
    tagged = published.lastfm_tags(folder, plays)
    content = weighted(sparse.csr_matrix((tagged.count, (tagged.item, tagged.tag)),
                                         (len(plays.items), len(tagged.tags))))  # fmt: skip
    listeners = np.bincount(plays.item, minlength=len(plays.items))
    can = np.flatnonzero((listeners >= 3) & (np.diff(content.indptr) > 0))
    drawn = np.random.default_rng(0).permutation(can)
    cold, valid = drawn[: len(drawn) // 5], drawn[len(drawn) // 5 : 2 * len(drawn) // 5]
    print(f"{len(cold)} new artists, {len(valid)} to choose by, of {len(can)} with 3 listeners and "
          "a tag", flush=True)  # fmt: skip
    learn, test = without_items(plays, cold)
    taggers = np.asarray(sparse.csr_matrix((tagged.count, (tagged.item, tagged.tag))).sum(1))[:, 0]
    ways = cold_ways(learn, content, valid, cold)
    chance = np.random.default_rng(2)
    ways = {
        "random": lambda user: chance.random(len(cold)),
        "popularity (how often it was tagged)": lambda user: taggers[cold],
        **ways,
        "upper bound: factors from its own plays": upper(learn, test, cold),
    }
    shown({name: ranked(cold_rows(test, cold, way), seed=0) for name, way in ways.items()})


def weighted(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows of unit length of log counts by how rare a tag is; tags of one artist are dropped."""
    often = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = counts[:, often > 1].tocsr()
    kept.data = np.log1p(kept.data)
    kept = kept @ sparse.diags(np.log(kept.shape[0] / often[often > 1]))
    norms = np.sqrt(np.asarray(kept.multiply(kept).sum(1)))[:, 0]
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(norms, 1e-9)) @ kept)


def cold_ways(
    learn: Plays, content: sparse.csr_matrix, valid: np.ndarray, cold: np.ndarray
) -> dict[str, Scores]:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.neural_network import MLPRegressor

    vectors = TruncatedSVD(256, random_state=0).fit_transform(content)
    known, held = without_items(learn, valid)
    listeners = np.bincount(known.item, minlength=len(known.items))
    taught = np.flatnonzero((listeners >= 3) & (np.diff(content.indptr) > 0))
    tried = []
    for alpha, factors in product((0.2, 2.0), (32, 64)):
        fitted = wmf.fit(known, Wmf(factors=factors, alpha=alpha, regularisation=10.0))
        for strength in STRENGTHS:
            said = ridge(vectors[taught], fitted.items[taught], strength)(vectors[valid])
            way = product_of(fitted.users, said)
            found = float(np.nanmean(ranked(cold_rows(held, valid, way)).precision))
            tried.append((found, fitted.how, strength))
    _, how, strength = max(tried, key=lambda one: one[0])
    print(f"chosen on valid: {how}, strength {strength}", flush=True)
    listeners = np.bincount(learn.item, minlength=len(learn.items))
    taught = np.flatnonzero((listeners >= 3) & (np.diff(content.indptr) > 0))
    fitted = wmf.fit(learn, how)
    net = MLPRegressor(hidden_layer_sizes=(512,), early_stopping=True, random_state=0, alpha=1e-3)
    scale = fitted.items[taught].std()
    net.fit(vectors[taught], fitted.items[taught] / scale)
    linear = ridge(vectors[taught], fitted.items[taught], strength)
    counts = table(learn, np.log1p(learn.count))
    alike = (counts @ content @ content[cold].T).toarray()
    return {
        "nearest tags": lambda user: alike[user],
        "factors from tags, linear": product_of(fitted.users, linear(vectors[cold])),
        "factors from tags, MLP": product_of(fitted.users, net.predict(vectors[cold]) * scale),
    }


def ridge(x: np.ndarray, y: np.ndarray, strength: float) -> Callable[[np.ndarray], np.ndarray]:
    mean, centre = x.mean(0), y.mean(0)
    left = (x - mean).T @ (x - mean) + strength * np.eye(x.shape[1])
    weight = np.linalg.solve(left, (x - mean).T @ (y - centre))
    return lambda other: (other - mean) @ weight + centre


def product_of(users: np.ndarray, items: np.ndarray) -> Scores:
    return lambda user: items @ users[user]


def upper(learn: Plays, test: Plays, cold: np.ndarray) -> Scores:
    fitted = wmf.fit(learn, Wmf(factors=64, alpha=2.0, regularisation=10.0))
    own = wmf.by_item(test)
    return product_of(
        fitted.users, wmf.folded_all(fitted.users, [own[n] for n in cold], fitted.how)
    )


def cold_rows(test: Plays, cold: np.ndarray, scores: Scores) -> Iterable[Row]:
    """Every listener who played one of the new: their scores, and which they played."""
    for user in np.unique(test.user):
        yield scores(user), np.isin(cold, test.of(user)[0])


# ------------------------------------------------------------------ speed
def speed() -> None:
    from implicit.cpu.als import AlternatingLeastSquares

    random = np.random.default_rng(0)
    size, pairs = 20_000, 1_000_000
    chance = np.arange(1, size + 1) ** -0.8
    item = random.choice(size, pairs * 11 // 10, p=chance / chance.sum())
    keys = np.unique(random.integers(0, size, len(item)) * size + item)
    keys = np.sort(random.permutation(keys)[:pairs])
    plays = Plays(
        name="drawn",
        users=tuple(str(n) for n in range(size)),
        items=tuple(Song(id=str(n)) for n in range(size)),
        user=(keys // size).astype(np.int32),
        item=(keys % size).astype(np.int32),
        count=np.floor(np.exp(1.2 * random.standard_normal(len(keys)))).astype(np.float32) + 1,
    )
    raw = table(plays, plays.count)
    for _ in range(3):
        timed("menura", lambda: wmf.fit(plays, Wmf(factors=64, rounds=10)))
        model = AlternatingLeastSquares(64, iterations=10, num_threads=1, random_state=0)
        timed("implicit alone", lambda model=model: model.fit(raw, show_progress=False))


def names() -> None:
    """Names with a letter changed, words turned round, additions: how many come home, how fast."""
    random = np.random.default_rng(0)
    words = ["".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), n)) for n in
             random.integers(3, 9, 20_000)]  # fmt: skip
    draw = random.integers(0, len(words), (100_000, 5))
    tracks = [Song(f"{words[a]} {words[b % 2_000]}", f"{words[c]} {words[d]} {words[e % 200]}")
              for a, b, c, d, e in draw]  # fmt: skip
    chosen = random.permutation(len(tracks))[:10_000]
    asked = [altered(tracks[n], kind) for kind, n in enumerate(chosen)]
    found = timed("match 10,000 songs to 100,000 tracks", lambda: match(asked, tracks))
    print(f"right {np.mean(found.track == chosen):.4f}, wrong "
          f"{np.mean((found.track != chosen) & (found.track >= 0)):.4f}")  # fmt: skip


def altered(song: Song, kind: int) -> Song:
    title = [
        song.title,
        song.title.upper() + " (Remastered 2011)",
        song.title[:3] + "x" + song.title[4:],
        song.title + " feat. somebody",
    ][kind % 4]
    return Song(["", "The "][kind % 2] + song.artist, title)


def timed(what: str, action: Callable):  # type: ignore[no-untyped-def]
    wall, cpu = time.perf_counter(), time.process_time()
    found = action()
    seconds = f"{time.perf_counter() - wall:.2f} s, {time.process_time() - cpu:.2f} CPU-s"
    print(f"{what}: {seconds}", flush=True)
    return found


if __name__ == "__main__":
    main()
