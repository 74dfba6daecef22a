"""Probabilities for the two tests of revisions."""

from __future__ import annotations

import math


def two_sided(t: float, freedom: int) -> float:
    """
    Return the probability that Student's t with these degrees of freedom is at least as far from
    zero as *t*.

    Abramowitz and Stegun (1964), 26.7.3 and 26.7.4: finite sums, because the degrees of freedom are
    whole numbers.
    """
    if math.isinf(t):
        return 0.0
    angle = math.atan(abs(t) / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine, cosine) if odd else (1.0, 1.0)
    for step in range(2 + odd, freedom, 2):
        term *= cosine * cosine * (step - 1) / step
        total += term
    inside = 2 / math.pi * (angle + sine * (total if freedom > 1 else 0.0)) if odd else sine * total
    return min(max(1.0 - inside, 0.0), 1.0)


def beyond_f2(f: float, freedom: int) -> float:
    """
    Return the probability that F with 2 and these degrees of freedom is at least *f*. With 2, it
    has a closed form.
    """
    return math.pow(1 + 2 * f / freedom, -freedom / 2)
