"""The few numbers that are drawn from many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

__all__ = ["median", "percentile", "ratios"]


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least ``share`` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    if not 0 <= share <= 1:
        raise ValueError("a share is between 0 and 1")
    rank = -int(-share * len(ordered) // 1)  # rounded up
    return ordered[max(rank - 1, 0)]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """
    The median of the ratios of the runs that were made one after the other.

    A machine that is slower for a while is so for both, hence the ratio of neighbours and not that of medians.
    """
    pairs = [a / b for a, b in zip(ours, theirs, strict=False) if b > 0]
    return median(pairs) if pairs else None
