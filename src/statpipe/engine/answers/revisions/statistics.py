"""
Statistics of the revisions of a series: their size, their bias, and whether they were predictable.

A revision is the final figure minus the earlier one. Definitions and tests are those of R's
``reviser`` (https://docs.ropensci.org/reviser/articles/revision-analysis.html), the tests of news
and noise those of Mankiw and Shapiro (1986) with robust covariances, as in Aruoba (2008),
doi:10.1111/j.1538-4616.2008.00115.x.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from statpipe.engine.answers.revisions.robust import Line, fitted, zero_mean
from statpipe.engine.answers.revisions.student import two_sided

FEWEST = 8
"""The fewest pairs of figures for which a test is meaningful."""


def statistics_of(early: Sequence[float], final: Sequence[float]) -> dict[str, Any]:
    """
    Return the statistics of the revisions from *early* to *final* figures, in the order of their periods.

    A test is ``None`` if there are too few pairs, or if the values do not vary.
    """
    revisions = [after - before for before, after in zip(early, final, strict=True)]
    n = len(revisions)
    mean = math.fsum(revisions) / n
    deviation = _deviation(revisions)
    signal = _deviation(final)
    news = fitted(early, revisions) if n >= FEWEST else None
    noise = fitted(final, revisions) if n >= FEWEST else None
    return {
        "figures": n,
        "mean_revision": mean,
        "mean_absolute_revision": math.fsum(map(abs, revisions)) / n,
        "root_mean_square": math.sqrt(math.fsum(one * one for one in revisions) / n),
        "least_revision": min(revisions),
        "largest_revision": max(revisions),
        "standard_deviation": deviation,
        "noise_to_signal": deviation / signal if deviation is not None and signal else None,
        "sign_changes": _sign_changes(early, final),
        "bias_p": _bias(mean, deviation, n),
        "bias_robust_p": zero_mean(revisions) if n >= FEWEST else None,
        **_line("news", news),
        **_line("noise", noise),
    }


def first_efficient(news: Sequence[tuple[int, float | None]], level: float = 0.05) -> int | None:
    """
    Return the number of the first efficient release, from pairs of a release's number and the
    p-value of its news test. From an efficient release, later ones cannot be predicted: the
    regression of the final figure on it has intercept 0 and slope 1 (Mincer and Zarnowitz 1969).

    It uses the news test: the regression of the revision on the release has intercept and slope 0.
    """
    found = [release for release, p in sorted(news) if p is not None and p > level]
    return found[0] if found else None


def _deviation(values: Sequence[float]) -> float | None:
    n = len(values)
    if n < 2:  # noqa: PLR2004 - one value has no deviation
        return None
    mean = math.fsum(values) / n
    return math.sqrt(math.fsum((one - mean) ** 2 for one in values) / (n - 1))


def _bias(mean: float, deviation: float | None, n: int) -> float | None:
    """Student's test that the mean revision is zero."""
    if n < FEWEST or not deviation:
        return None
    return two_sided(mean / (deviation / math.sqrt(n)), n - 1)


def _sign_changes(early: Sequence[float], final: Sequence[float]) -> float:
    changed = sum(_sign(a) != _sign(b) for a, b in zip(early, final, strict=True))
    return changed / len(early)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _line(name: str, line: Line | None) -> dict[str, float | None]:
    return {
        f"{name}_intercept": line.intercept if line else None,
        f"{name}_slope": line.slope if line else None,
        f"{name}_p": line.both_zero if line else None,
    }
