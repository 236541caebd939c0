"""Principal components of data that arrive in batches, as a layer.

Letters: n rows of a batch, D dimensions, K of them kept. Sums are taken in float64; the covariance
is that of the data at hand, divided by their number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import torch
from torch import Tensor, nn

from menura.errors import DataError

FLAT = 1e-12  # of the largest variance: directions with less cannot be whitened


class Pca(nn.Module):
    """Centres, projects and, if fitted so, whitens: [..., D] to [..., K], in the input's type.

    `Pca()` is empty until `fit`, or until a state is loaded, which brings its shapes along.
    """

    mean: Tensor  # [D] float64
    components: Tensor  # [D, K] float64, columns of norm 1, or over the deviation where whitened
    variances: Tensor  # [K] float64, of the data along each, falling

    def __init__(self) -> None:
        super().__init__()
        for name, shape in (("mean", (0,)), ("components", (0, 0)), ("variances", (0,))):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))
        self.register_load_state_dict_pre_hook(take_shapes)

    def fit(
        self,
        batches: Iterable[Tensor],
        keep: int | float = 0.99,
        whiten: bool = True,
        epsilon: float = 0.0,
    ) -> Self:
        """Learn from batches [n, D], gone through once; on the device of the first.

        `keep` is a count of components, or a float above 0 and up to 1: the share of the variance
        that they have at least. Whitening divides by sqrt(variance + epsilon). Raises ValueError
        for another `keep` or an epsilon below 0, DataError for data that do not suffice.
        """
        check(keep, epsilon)
        moments = Moments()
        for batch in batches:
            moments.add(batch)
        values, vectors = torch.linalg.eigh(moments.covariance().cpu())  # alike on any device
        values, vectors = values.flip(0).clamp(min=0), signed(vectors.flip(1))
        count = kept(values, keep)
        components = vectors[:, :count].clone()
        if whiten:
            check_flat(values, count, epsilon)
            components /= (values[:count] + epsilon).sqrt()
        self.mean = moments.mean()
        self.variances, self.components = values[:count].to(self.mean), components.to(self.mean)
        return self

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean.to(x)) @ self.components.to(x)


class Moments:
    """Mean and covariance of batches [n, D], float64; sums are taken around the first batch's mean.

    Raises DataError for batches of another shape, NaN and infinities, and for no data at all.
    """

    origin: Tensor  # [D], the mean of the first batch
    sum: Tensor  # [D], of rows less the origin
    products: Tensor  # [D, D], likewise

    def __init__(self) -> None:
        self.count = 0

    def add(self, batch: Tensor) -> None:
        rows = batch.to(torch.float64)
        if rows.ndim != 2 or not rows.shape[1] or (self.count and rows.shape[1] != len(self.sum)):
            wanted = f"[rows, {len(self.sum) if self.count else 'dimensions'}]"
            raise DataError(f"a batch has the shape {tuple(batch.shape)}; {wanted} is allowed")
        if not rows.isfinite().all():
            raise DataError("a batch holds NaN or infinite values; leave such rows out")
        if not len(rows):
            return
        if not self.count:
            self.origin = rows.mean(0)  # else the squares of a large mean swallow the variance
            self.sum = torch.zeros_like(self.origin)
            self.products = self.sum.new_zeros(len(self.sum), len(self.sum))
        centred = rows - self.origin
        self.count += len(rows)
        self.sum += centred.sum(0)
        self.products += centred.T @ centred

    def mean(self) -> Tensor:
        """[D] float64."""
        self._check()
        return self.origin + self.sum / self.count

    def covariance(self) -> Tensor:
        """[D, D] float64, divided by the count of rows."""
        self._check()
        mean = self.sum / self.count
        return self.products / self.count - mean.outer(mean)

    def _check(self) -> None:
        if not self.count:
            raise DataError(
                "there are no rows to learn from; give at least one batch that has some"
            )


def check(keep: int | float, epsilon: float) -> None:
    whole = isinstance(keep, int) and not isinstance(keep, bool) and keep >= 1
    share = isinstance(keep, float) and 0 < keep <= 1
    if not whole and not share:
        raise ValueError(f"keep is {keep!r}; a whole number from 1, or a float in (0, 1]")
    if not epsilon >= 0:
        raise ValueError(f"epsilon is {epsilon}; at least 0 is allowed")


def signed(vectors: Tensor) -> Tensor:
    """Columns [D, D], turned so that the largest entry of each is positive."""
    largest = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))  # [1, D]
    return vectors * torch.where(largest < 0, -1.0, 1.0)


def kept(values: Tensor, keep: int | float) -> int:
    """How many of the variances [D], which fall, are kept. Raises DataError."""
    if isinstance(keep, int):
        if keep > len(values):
            raise DataError(f"keep is {keep} for data of {len(values)} dimensions; keep fewer")
        return keep
    total = values.cumsum(0)
    return min(int((total < keep * total[-1]).sum()) + 1, len(values))


def check_flat(values: Tensor, count: int, epsilon: float) -> None:
    """Raises DataError where whitening would blow up rounding errors."""
    varied = int((values > FLAT * values[0]).sum())
    if not epsilon and count > varied:
        text = f"the data vary in {varied} directions and {count} are to be whitened"
        raise DataError(f"{text}; keep fewer, or give an epsilon above 0")


def take_shapes(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Before a state is loaded into a module whose buffers are empty: give them its shapes."""
    for name, buffer in module.named_buffers():
        if not buffer.numel() and prefix + name in state:
            shape = state[prefix + name].shape
            setattr(module, name, buffer.new_zeros(shape))
