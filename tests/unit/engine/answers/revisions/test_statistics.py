"""
Statistics of revisions, beside R.

The figures of R are those of ``lm``, ``sandwich::NeweyWest``, ``sandwich::vcovHAC`` and a Wald test with F, as
``reviser::get_revision_analysis`` uses them; R 4.2.2, sandwich 3.0-2.
"""

import math

import pytest

from statpipe.engine.answers.revisions.statistics import first_efficient, statistics_of
from statpipe.engine.answers.revisions.student import beyond_f2, two_sided

EARLY = [0.4, 0.7, -0.2, 1.1, 0.3, 0.9, 0.5, -0.6, 0.2, 0.8, 1.4, 0.6,
         -0.1, 0.3, 0.7, 1.0, -0.9, 0.1, 0.5, 0.6, 0.2, -0.3, 0.9, 1.2]  # fmt: skip
FINAL = [0.6, 0.5, 0.1, 1.3, 0.2, 1.2, 0.6, -0.2, 0.3, 0.7, 1.9, 0.5,
         0.2, 0.2, 0.9, 1.1, -0.7, -0.1, 0.8, 0.7, 0.1, 0.1, 1.0, 1.5]  # fmt: skip
"""Made-up growth rates of 24 quarters."""
EXACT = 1e-9


def levels():
    """Figures of 41 years with a drift, and what became of them."""
    early = [round(100 + 3 * i + 5 * math.sin(i), 1) for i in range(1, 42)]
    final = [
        round(one + 0.4 + 0.02 * i + math.cos(2 * i), 1) for i, one in enumerate(early, start=1)
    ]
    return early, final


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (
            (EARLY, FINAL),
            {
                "figures": 24,
                "mean_revision": 0.13333333333333333,
                "mean_absolute_revision": 0.20833333333333334,
                "root_mean_square": 0.23804761428476168,
                "standard_deviation": 0.20144406207413398,
                "noise_to_signal": 0.34079378728851739,
                "bias_p": 0.0035932434574396355,
                "bias_robust_p": 6.1411095764185575e-08,
                "news_intercept": 0.14165773893431072,
                "news_slope": -0.019396673244995732,
                "news_p": 3.9038762915511901e-05,
                "noise_intercept": 0.078037019754238643,
                "noise_slope": 0.098304557473946161,
                "noise_p": 2.3305136076253598e-08,
            },
        ),
        (
            levels(),
            {
                "mean_revision": 0.81951219512194895,
                "mean_absolute_revision": 0.90243902439024248,
                "root_mean_square": 1.1174884732313246,
                "standard_deviation": 0.76916172298000063,
                "noise_to_signal": 0.021145669058408912,
                "bias_p": 3.3181734532809532e-08,
                "bias_robust_p": 5.5146325728117063e-08,
                "news_intercept": -0.4496730450837248,
                "news_slope": 0.0077760568520797721,
                "news_p": 8.7082423689478303e-26,
                "noise_intercept": -0.50929738017484494,
                "noise_slope": 0.0081006902962112212,
                "noise_p": 1.8165704446235072e-25,
            },
        ),
        (
            (EARLY[:9], FINAL[:9]),
            {
                "bias_p": 0.056342531580183972,
                "bias_robust_p": 0.0037723133818334809,
                "news_p": 0.017673655415559101,
                "noise_p": 0.053825056790228643,
            },
        ),
    ],
)
def test_statistics_equal_those_of_r(pairs, told):
    found = statistics_of(*pairs)
    assert {name: found[name] for name in told} == pytest.approx(told, rel=1e-6, abs=EXACT)


def test_signs_and_extremes_are_counted():
    found = statistics_of([1.0, -1.0, 0.0, 2.0], [2.0, 1.0, 0.0, 1.5])
    assert found["sign_changes"] == 0.25
    assert (found["least_revision"], found["largest_revision"]) == (-0.5, 2.0)


def test_too_few_or_constant_figures_give_no_test():
    few = statistics_of(EARLY[:7], FINAL[:7])
    assert {name for name, value in few.items() if value is None} == {
        "bias_p", "bias_robust_p", "news_intercept", "news_slope", "news_p",
        "noise_intercept", "noise_slope", "noise_p",
    }  # fmt: skip
    same = statistics_of(EARLY, EARLY)
    assert (same["mean_revision"], same["bias_p"], same["news_p"]) == (0.0, None, None)
    assert statistics_of([1.0], [2.0])["standard_deviation"] is None
    assert statistics_of([5.0] * 9, FINAL[:9])["news_p"] is None


def test_the_first_efficient_release_is_the_first_that_predicts_later_ones():
    assert first_efficient([(2, 0.9), (0, 0.01), (1, 0.06)]) == 1
    assert first_efficient([(0, 0.01), (1, None)]) is None


@pytest.mark.parametrize(
    ("t", "freedom", "p"),
    [
        (0.1, 1, 0.93654896513889285),
        (-6, 1, 0.10513691342250685),
        (2.5, 2, 0.1296117202215108),
        (1, 3, 0.39100221895577053),
        (2.5, 7, 0.040992218585752874),
        (0.1, 8, 0.9228049094305969),
        (math.inf, 5, 0),
    ],
)
def test_probabilities_of_students_t_equal_those_of_r(t, freedom, p):
    assert two_sided(t, freedom) == pytest.approx(p, abs=EXACT)


def test_probabilities_of_f_begin_at_one_and_fall():
    assert beyond_f2(0, 10) == 1
    assert beyond_f2(2.9999, 155) == pytest.approx(
        0.05269, abs=5e-6
    )  # printed by reviser's vignette
