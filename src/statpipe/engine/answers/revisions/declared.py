"""The tables of the revision analysis, declared like Gold models: with a grain, and a description
for each column.
"""

from __future__ import annotations

import attrs

from statpipe.api import Column, Model
from statpipe.api.gold.columns import standard

_NAMED = tuple(attrs.evolve(one, nullable=True) for one in standard("area_name category_name"))
"""A custom family may lack the tables of areas and categories."""
_P = "p-value; empty below 8 figures"


def _number(name: str, description: str, unit: str | None = None) -> Column:
    return Column(name=name, type="double", description=description, unit=unit)


def releases_model(history: Model, base: str) -> Model:
    """
    Return the declaration of the releases of each figure of a family.
    """
    return Model(
        name=f"{base}_releases",
        title=f"{_family(history)}: each release of each figure",
        inputs=(history.name,),
        grain=("ref_area", "category", "time_period", "dataset", "freq", "release"),
        columns=(
            *standard("ref_area category time_period dataset freq"),
            *_NAMED,
            *standard("period_start period_end"),
            Column(
                name="release",
                type="integer",
                description="0 for the first release, 1 for the second",
                nullable=False,
            ),
            *standard("vintage"),
            Column(name="released", type="date", description="Day of the release", nullable=False),
            Column(
                name="days_to_release",
                type="integer",
                description="Days from the end of the period to the release",
                unit="days",
            ),
            *standard("value decimals"),
            _number(
                "growth",
                "Growth over the previous period within the same release",
                "%",
            ),
            *standard("unit unit_mult obs_status"),
        ),
        sql="",
        measure="value",
    )


def statistics_model(history: Model, base: str) -> Model:
    """
    Return the declaration of the statistics of revisions.
    """
    return Model(
        name=f"{base}_revision_statistics",
        title=f"{_family(history)}: statistics of revisions",
        inputs=(history.name,),
        grain=("ref_area", "category", "dataset", "freq", "release"),
        columns=(
            *standard("ref_area category dataset freq"),
            *_NAMED,
            Column(name="release", type="integer", description=(
                "Release compared with the final one; 0 is the first"
            ), nullable=False),
            Column(name="figures", type="integer", description="How many figures are compared", nullable=False),
            Column(name="first_period", type="text", description="The first period compared", nullable=False),
            Column(name="last_period", type="text", description="The last period compared", nullable=False),
            _number("mean_revision", "Mean of the revisions: final minus earlier figure"),
            _number("mean_absolute_revision", "Mean size of the revisions"),
            _number("root_mean_square", "Root mean square of the revisions"),
            _number("least_revision", "Lowest revision"),
            _number("largest_revision", "Highest revision"),
            _number("standard_deviation", "Standard deviation of the revisions"),
            _number("noise_to_signal", (
                "Standard deviation of the revisions divided by that of the final figures"
            )),
            _number("sign_changes", "Share of figures whose sign changed"),
            _number("bias_p", f"No bias, Student's test: {_P}"),
            _number("bias_robust_p", f"No bias, with Newey and West's standard error: {_P}"),
            _number("news_intercept", "Intercept of the revision on the earlier figure"),
            _number("news_slope", "Slope of the revision on the earlier figure"),
            _number("news_p", f"Both zero, the earlier figure is efficient: {_P}"),
            _number("noise_intercept", "Intercept of the revision on the final figure"),
            _number("noise_slope", "Slope of the revision on the final figure"),
            _number("noise_p", f"Both zero, the earlier figure is the final one with noise: {_P}"),
            Column(name="first_efficient", type="integer", description="First release of the series that is efficient at 5 %"),
        ),
        sql="",
    )  # fmt: skip


def _family(history: Model) -> str:
    """Return the title of the family, without the suffix of the history."""
    return history.title.rpartition(": ")[0] or history.title
