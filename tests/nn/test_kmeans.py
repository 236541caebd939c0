"""K-means over batches: published steps, recovery, and scikit-learn beside it."""

import math

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans

from menura.errors import DataError
from menura.nn import Kmeans, SphericalKmeans
from menura.nn.kmeans import drawn, spherical_round


def blobs(seed, count=1_500, size=8, centres=12, spread=0.6):
    """Rows [count, size] float32 around drawn centres."""
    random = np.random.default_rng(seed)
    at = random.integers(centres, size=count)
    rows = random.normal(0, 2, (centres, size))[at] + random.normal(0, spread, (count, size))
    return torch.from_numpy(rows.astype(np.float32))


def inertia(rows, means):
    return float(torch.cdist(rows.double(), means.double()).square().min(1).values.sum())


def rays(seed, count=2_000, size=10, k=10):
    """Rows [count, size] along the k columns of an orthogonal matrix, either way; and those."""
    random = np.random.default_rng(seed)
    directions = np.linalg.qr(random.normal(size=(size, size)))[0][:k]
    steps = random.uniform(0.5, 2, count) * random.choice([-1, 1], count)
    rows = directions[random.integers(k, size=count)] * steps[:, None]
    rows += random.normal(0, 0.01, rows.shape)
    return torch.from_numpy(rows.astype(np.float32)), torch.from_numpy(directions).float()


def test_one_spherical_round_of_the_specification():
    rows = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [-1.0, 0.0]])
    means, counts = spherical_round(torch.eye(2), lambda: [rows])
    expected = torch.tensor([[0.9997211, 0.0236155], [0.0, 1.0]])
    torch.testing.assert_close(means, expected, rtol=0, atol=1e-7)
    assert counts.tolist() == [3, 1]


@pytest.mark.parametrize("seed", range(10))
def test_spherical_means_recover_orthogonal_directions_up_to_sign(seed):
    rows, directions = rays(seed)
    kmeans = SphericalKmeans().fit(lambda: rows.split(300), k=10, rounds=10, seed=seed)
    alike = (kmeans.means @ directions.T).abs()
    assert (alike.max(1).values > 0.999).all()
    assert sorted(alike.argmax(1).tolist()) == list(range(10))


@pytest.mark.parametrize("seed", range(5))
def test_spherical_means_have_norm_one_and_code_their_rows_ever_better(seed):
    rows = torch.randn(3_000, 16, generator=torch.Generator().manual_seed(seed))
    kept = []
    for rounds in (1, 3, 10):
        kmeans = SphericalKmeans().fit(lambda: [rows], k=24, rounds=rounds, seed=seed)
        torch.testing.assert_close(kmeans.means.norm(dim=1), torch.ones(24))
        kept.append(float(kmeans(rows).square().max(1).values.sum()))
    assert kept == sorted(kept) and kept[0] < kept[-1]


def test_spherical_codes_are_all_projections():
    kmeans = SphericalKmeans().fit(lambda: [torch.eye(3)], k=2, rounds=1, seed=0)
    x = torch.randn(4, 5, 3)
    torch.testing.assert_close(kmeans(x), torch.einsum("abd,kd->abk", x, kmeans.means))


@pytest.mark.parametrize("seed", range(10))
def test_inertia_is_scikit_learns_within_some_per_cent(seed):
    rows = blobs(seed, spread=2.0)  # so near that no start is hopeless
    kmeans = Kmeans().fit(lambda: rows.split(200), k=12, rounds=30, seed=seed)
    right = KMeans(12, n_init=5, random_state=seed).fit(rows.numpy().astype(np.float64)).inertia_
    assert inertia(rows, kmeans.means) < 1.05 * right


def test_a_round_is_lloyds():
    rows = blobs(0)
    start = Kmeans().fit(lambda: [rows], k=12, rounds=3, seed=4).means
    after = Kmeans().fit(lambda: [rows], k=12, rounds=4, seed=4).means
    right = KMeans(12, init=start.numpy(), n_init=1, max_iter=1, tol=0)
    right.fit(rows.numpy())
    torch.testing.assert_close(after, torch.from_numpy(right.cluster_centers_))


@pytest.mark.parametrize("kind", [Kmeans, SphericalKmeans])
@pytest.mark.parametrize("seed", range(3))
def test_how_the_data_are_cut_does_not_matter(kind, seed):
    rows = blobs(seed)
    cuts = np.sort(np.random.default_rng(seed).integers(0, len(rows), 9)).tolist()
    whole = kind().fit(lambda: [rows], k=9, rounds=4, seed=seed)
    cut = kind().fit(lambda: torch.tensor_split(rows, cuts), k=9, rounds=4, seed=seed)
    torch.testing.assert_close(cut.means, whole.means, rtol=1e-4, atol=1e-4)
    other = kind().fit(lambda: [rows], k=9, rounds=4, seed=seed + 1)
    assert not torch.allclose(other.means, whole.means)


def test_the_index_is_that_of_the_nearest_mean():
    rows = blobs(1)
    kmeans = Kmeans().fit(lambda: [rows], k=20, rounds=2, seed=1)
    right = torch.cdist(rows.double(), kmeans.means.double()).argmin(1)
    assert torch.equal(kmeans(rows.reshape(30, 50, 8)), right.reshape(30, 50))


@pytest.mark.parametrize("seed", range(5))
def test_the_examples_are_drawn_from_all_alike(seed):
    batches = torch.arange(10_000.0)[:, None].split(100)
    rows = drawn(batches, 1_000, np.random.default_rng(seed))[:, 0].numpy()
    assert len(np.unique(rows)) == 1_000
    quarters = np.bincount((rows // 2_500).astype(int), minlength=4)
    assert (np.abs(quarters - 250) < 65).all()  # five standard deviations


@pytest.mark.parametrize("kind", [Kmeans, SphericalKmeans])
def test_a_mean_without_rows_begins_anew(kind):
    rows = torch.eye(2).repeat(50, 1)  # two different rows for three means
    means = kind().fit(lambda: [rows], k=3, rounds=5, seed=0).means
    assert means.isfinite().all()
    assert all((torch.cdist(means, torch.eye(2)) < 1e-6).any(1))


@pytest.mark.parametrize("kind", [Kmeans, SphericalKmeans])
def test_a_state_brings_its_shapes_along(kind):
    fitted, fresh = kind().fit(lambda: [blobs(0)], k=5, rounds=1, seed=0), kind()
    fresh.load_state_dict(fitted.state_dict())
    assert torch.equal(fresh.means, fitted.means)


@pytest.mark.parametrize("kind", [Kmeans, SphericalKmeans])
@pytest.mark.parametrize(
    ("batches", "said"),
    [
        ([], "0 rows for 4 means"),
        ([torch.rand(3, 2)], "3 rows for 4 means"),
        ([torch.rand(9)], "has the shape"),
        ([torch.rand(9, 2), torch.rand(9, 3)], r"\(9, 3\); \[rows, 2\]"),
        ([torch.full((9, 2), math.nan)], "NaN"),
        ([torch.rand(500, 2), torch.full((1, 2), math.inf)], "infinite"),
    ],
)
def test_data_that_do_not_suffice(kind, batches, said):
    with pytest.raises(DataError, match=said):
        kind().fit(lambda: batches, k=4, rounds=1, seed=0)
    with pytest.raises(ValueError, match="at least 1"):
        kind().fit(lambda: batches, k=0, rounds=1, seed=0)


def test_rows_of_zeros_are_no_directions():
    with pytest.raises(DataError, match="0 rows are not zero"):
        SphericalKmeans().fit(lambda: [torch.zeros(9, 2)], k=2, rounds=1, seed=0)
    rows = torch.cat([torch.zeros(500, 3), torch.eye(3)])
    with pytest.raises(DataError, match="are not zero"):
        SphericalKmeans().fit(lambda: [rows], k=4, rounds=1, seed=0)
