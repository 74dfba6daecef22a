"""
Standard errors that allow for revisions of changing size that depend on each other (HAC).

As R's package sandwich computes them by default: Zeileis (2004), Econometric computing with HC and HAC covariance matrix
estimators, doi:10.18637/jss.v011.i10. ``reviser`` takes them from there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from operator import mul

from attrs import frozen

from statpipe.engine.answers.revisions.student import beyond_f2, two_sided

_TOLERANCE = 1e-7
_NEAR_ZERO = 1e-3

Numbers = Sequence[float]


@frozen(kw_only=True)
class Line:
    """
    A straight line fitted by least squares. The covariances are robust: of the intercept, of both, of the slope.
    """

    intercept: float
    slope: float
    covariances: tuple[float, float, float]
    freedom: int

    @property
    def both_zero(self) -> float | None:
        """
        The p-value of the joint Wald test that intercept and slope are zero.
        """
        first, both, second = self.covariances
        determinant = first * second - both * both
        if not determinant > 0:
            return None
        a, b = self.intercept, self.slope
        wald = (a * a * second - 2 * a * b * both + b * b * first) / determinant
        return beyond_f2(wald / 2, self.freedom)


def fitted(x: Numbers, y: Numbers) -> Line | None:
    """
    Fit ``y = intercept + slope * x``, with Andrews' (1991) covariances: the quadratic spectral
    kernel, with a bandwidth from an AR(1) of the scores of the slope. Return ``None`` if *x* or the
    residuals do not vary.
    """
    n = len(x)
    middle, level = math.fsum(x) / n, math.fsum(y) / n
    spread = math.fsum((one - middle) ** 2 for one in x)
    if spread == 0:
        return None
    slope = math.fsum((a - middle) * (b - level) for a, b in zip(x, y, strict=True)) / spread
    intercept = level - slope * middle
    rest = [b - intercept - slope * a for a, b in zip(x, y, strict=True)]
    scores = [one * a for one, a in zip(rest, x, strict=True)]
    bandwidth = _bandwidth(scores)
    if bandwidth is None:
        return None
    weights = _weights(n, bandwidth)
    adjusted = n / (n - 2)
    first, both, second = (
        _long_run(a, b, weights) * adjusted
        for a, b in ((rest, rest), (rest, scores), (scores, scores))
    )
    # (X'X)^-1 on both sides.
    squares = math.fsum(one * one for one in x)
    p, q, r = squares / (n * spread), -middle / spread, 1 / spread
    return Line(
        intercept=intercept,
        slope=slope,
        covariances=(
            p * p * first + 2 * p * q * both + q * q * second,
            p * q * first + (p * r + q * q) * both + q * r * second,
            q * q * first + 2 * q * r * both + r * r * second,
        ),
        freedom=n - 2,
    )


def zero_mean(values: Numbers) -> float | None:
    """
    Return the p-value of the t-test that the mean is zero, with the standard error of Newey and
    West (1987): prewhitened, lags chosen by their rule of 1994. Return ``None`` if the values do
    not vary.
    """
    n = len(values)
    mean = math.fsum(values) / n
    rest = [one - mean for one in values]
    before = math.fsum(one * one for one in rest[:-1])
    if before == 0:
        return None
    rho = _product(rest, 1) / before
    white = [now - rho * then for then, now in pairwise(rest)]
    lags = _lags(white, n)
    if lags is None or lags + 1 >= len(white) or rho == 1:
        return None
    weights = [1 - lag / (lags + 1) for lag in range(lags + 1)]
    variance = _long_run(white, white, weights) / (1 - rho) ** 2 / (n * n)
    return two_sided(mean / math.sqrt(variance), n - 1) if variance > 0 else None


def _lags(white: Numbers, n: int) -> int | None:
    """
    Return the number of lags by Newey and West (1994) for Bartlett's kernel, from the residuals of
    an AR(1).
    """
    most = math.floor(3 * (n / 100) ** (2 / 9))
    products = [_product(white, lag) / len(white) for lag in range(most + 1)]
    all_in_all = products[0] + 2 * math.fsum(products[1:])
    if all_in_all == 0:
        return None
    weighted = 2 * math.fsum(lag * one for lag, one in enumerate(products))
    return math.floor(1.1447 * math.cbrt((weighted / all_in_all) ** 2 * n))


def _bandwidth(scores: Numbers) -> float | None:
    """Return Andrews' bandwidth for the quadratic spectral kernel."""
    then, now = scores[:-1], scores[1:]
    n = len(now)
    middle, level = math.fsum(then) / n, math.fsum(now) / n
    spread = math.fsum((one - middle) ** 2 for one in then)
    if spread == 0:
        return None
    pairs = zip(then, now, strict=True)
    rho = math.fsum((a - middle) * (b - level) for a, b in pairs) / spread
    if rho == 1:
        return None
    # With one series, its variance cancels in the fraction.
    return 1.3221 * math.pow(len(scores) * 4 * rho**2 / (1 - rho) ** 4, 0.2)


def _weights(n: int, bandwidth: float) -> list[float]:
    found = [
        _quadratic_spectral(lag / bandwidth) if lag else 1.0 for lag in range(n if bandwidth else 1)
    ]
    last = max(place for place, one in enumerate(found) if abs(one) > _TOLERANCE)
    return found[: last + 1]


def _quadratic_spectral(x: float) -> float:
    y = 6 * math.pi * x / 5
    if x < _NEAR_ZERO:
        return 1 - y * y / 10
    return 3 / (y * y) * (math.sin(y) / y - math.cos(y))


def _long_run(a: Numbers, b: Numbers, weights: Numbers) -> float:
    """Sum the products of two series at all lags, in both directions, weighted."""
    total = weights[0] * math.fsum(map(mul, a, b))
    for lag, weight in enumerate(weights[1:], 1):
        total += weight * (sum(map(mul, a, b[lag:])) + sum(map(mul, b, a[lag:])))
    return total


def _product(values: Numbers, lag: int) -> float:
    return math.fsum(map(mul, values, values[lag:]))
