"""PCA over batches against its definition, and what whitening promises."""

import numpy as np
import pytest
import torch

from menura.errors import DataError
from menura.nn import Pca
from menura.nn.pca import Moments

IDENTITY = torch.eye(6, dtype=torch.float64)


def data(seed, count=2_000, size=6, offset=1e6):
    """Correlated rows [count, size] float64, far from 0."""
    random = torch.Generator().manual_seed(seed)
    mixing = torch.randn(size, size, generator=random, dtype=torch.float64)
    rows = torch.randn(count, size, generator=random, dtype=torch.float64)
    return rows @ mixing + offset


def covariance(rows):
    centred = rows - rows.mean(0)
    return centred.T @ centred / len(rows)


def test_the_covariance_of_the_slides():
    moments = Moments()
    moments.add(torch.tensor([[1.0, 2.0]]))
    moments.add(torch.tensor([[3.0, 2.0]]))
    assert moments.covariance().tolist() == [[1, 0], [0, 0]]
    assert moments.mean().tolist() == [2, 2]


@pytest.mark.parametrize("seed", range(5))
def test_whitened_data_have_mean_zero_and_unit_covariance(seed):
    rows = data(seed)
    found = Pca().fit(rows.split(300), keep=6)(rows)
    torch.testing.assert_close(found.mean(0), torch.zeros_like(found[0]), rtol=0, atol=1e-6)
    torch.testing.assert_close(covariance(found), IDENTITY, rtol=0, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_without_whitening_it_turns_and_no_more(seed):
    rows = data(seed)
    pca = Pca().fit([rows], keep=6, whiten=False)
    torch.testing.assert_close(pca.components.T @ pca.components, IDENTITY, rtol=0, atol=1e-10)
    turned = pca(rows)
    torch.testing.assert_close(covariance(turned), pca.variances.diag(), rtol=1e-8, atol=1e-8)
    values = torch.linalg.eigvalsh(covariance(rows)).flip(0)
    torch.testing.assert_close(pca.variances, values, rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(turned @ pca.components.T + pca.mean, rows)


@pytest.mark.parametrize("seed", range(5))
def test_how_the_data_are_cut_does_not_matter(seed):
    rows = data(seed)
    cuts = np.sort(np.random.default_rng(seed).integers(0, len(rows), 9))
    parts = torch.tensor_split(rows, cuts.tolist())
    whole, cut = Pca().fit([rows], keep=4), Pca().fit(parts, keep=4)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(cut.state_dict()[name], value, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("share", "count"), [(0.5, 1), (0.7, 2), (0.71, 3), (0.9, 3), (1.0, 4)])
def test_a_share_keeps_as_few_as_have_it(share, count):
    deviations = torch.tensor([5.0, 2.0, 2.0, 1.0], dtype=torch.float64).sqrt()
    rows = torch.cat([deviations.diag(), -deviations.diag()])  # variances 5 2 2 1, in tenths
    assert Pca().fit([rows], keep=share - 1e-9).components.shape == (4, count)


def test_epsilon_holds_small_directions_down():
    rows = torch.tensor([[3.0, 0.1], [-3.0, 0.1], [3.0, -0.1], [-3.0, -0.1]], dtype=torch.float64)
    pca = Pca().fit([rows], keep=2, epsilon=0.01)
    expected = torch.tensor([9 / 9.01, 0.01 / 0.02], dtype=torch.float64)
    torch.testing.assert_close(pca(rows).square().mean(0), expected)


def test_a_state_brings_its_shapes_along():
    rows = data(0, offset=0).float()
    fitted, fresh = Pca().fit([rows], keep=3), Pca()
    fresh.load_state_dict(fitted.state_dict())
    assert torch.equal(fresh(rows), fitted(rows)) and fresh(rows).dtype == torch.float32
    with pytest.raises(RuntimeError, match="size mismatch"):
        fresh.load_state_dict(Pca().fit([rows], keep=2).state_dict())


@pytest.mark.parametrize("keep", [0, -1, 0.0, 1.5, True])
def test_what_cannot_be_kept(keep):
    with pytest.raises(ValueError, match="keep is"):
        Pca().fit([data(0)], keep=keep)


@pytest.mark.parametrize(
    ("batches", "said"),
    [
        ([], "no rows"),
        ([torch.zeros(0, 3)], "no rows"),
        ([torch.zeros(3)], "has the shape"),
        ([torch.zeros(2, 3), torch.zeros(2, 4)], r"\(2, 4\); \[rows, 3\]"),
        ([torch.tensor([[1.0, float("nan")]])], "NaN"),
        ([torch.rand(9, 2)], "keep is 3 for data of 2"),
        ([torch.rand(2, 5)], "vary in 1 directions and 3"),
        ([torch.ones(9, 5)], "vary in 0 directions"),
    ],
)
def test_data_that_do_not_suffice(batches, said):
    with pytest.raises(DataError, match=said):
        Pca().fit(batches, keep=3)
