"""The report on one series, as a page."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from statpipe import __version__
from statpipe.api import CheckResult
from statpipe.domain.revision import counted
from statpipe.engine.answers.pictures.heat import heat_map
from statpipe.engine.answers.pictures.lines import Series, fan, lines
from statpipe.engine.answers.pictures.page import (
    command,
    figure,
    folded,
    page,
    paragraph,
    section,
    table,
)
from statpipe.engine.answers.pictures.svg import text_of
from statpipe.engine.answers.pictures.tiles import tile_map
from statpipe.engine.answers.story import Origin, Story

_PERIODS, _VINTAGES, _PAYLOADS = 40, 12, 25
"""The most rows that tables show; the files that commands write have all."""
_STATISTICS = (
    ("figures", "figures compared"),
    ("mean_revision", "mean revision"),
    ("mean_absolute_revision", "mean absolute revision"),
    ("root_mean_square", "root mean square"),
    ("noise_to_signal", "noise to signal"),
    ("sign_changes", "share of sign changes"),
    ("bias_robust_p", "no bias (robust p-value)"),
    ("news_p", "news (p-value)"),
    ("noise_p", "noise (p-value)"),
)


def report_page(story: Story) -> str:
    """
    Return the page.
    """
    title = f"{story.category_name}, {story.area_name}"
    return page(title, _parts(story, title))


def payload_table(origins_payloads: list[tuple[str, str, int]]) -> str:
    """
    Return payloads with their hashes.
    """
    shown = origins_payloads[:_PAYLOADS]
    more = len(origins_payloads) - len(shown)
    rows = [(name, f"{size:,}", sha) for name, sha, size in shown]
    rest = (
        paragraph(f"and {more:,} more, listed in the manifest of the run", "quiet") if more else ""
    )
    return (
        table("Payloads in Bronze", ("payload", "bytes", "SHA-256"), rows, right=("bytes",)) + rest
    )


def checks_table(checks: list[CheckResult]) -> str:
    """
    Return the findings of checks, and the number of checks without findings.
    """
    found = [one for one in checks if not one.passed]
    passed = len(checks) - len(found)
    told = paragraph(f"{counted(passed, 'check')} passed.") if passed else ""
    rows = [
        (one.check, one.vintage, "accepted" if one.accepted else one.severity, one.message)
        for one in found
    ]
    return told + table("Findings of checks", ("check", "vintage", "severity", "message"), rows)


def _parts(story: Story, title: str) -> Iterator[str]:
    last = story.latest[-1]
    shown = "not shown" if last["value"] is None else f"{last['value']:,f}"
    yield "<header>"
    yield paragraph(story.title, "quiet")
    yield f"<h1>{text_of(title)}</h1>"
    yield paragraph(shown, "big")
    yield paragraph(f"{story.unit}, {last['time_period']}, release {last['vintage']}")
    key = ", ".join(f"{name} {code}" for name, code in story.key.items())
    yield paragraph(f"{key}; environment {story.environment}; statpipe {__version__}", "quiet")
    yield "</header>"
    latest = {
        row["period_start"]: float(row["value"]) for row in story.latest if row["value"] is not None
    }
    series = [Series(name="", figures=latest)]
    yield section(
        "The series",
        figure(
            lines(series, story.names, story.unit, f"{title}: latest figures"),
            (
                "The latest figures. Gaps in the line are periods for which the agency shows no "
                "figure."
            ),
        ),
        folded("All figures", _figures(story)),
    )
    yield section(
        "Figures by vintage",
        figure(
            fan(story.vintages, story.names, story.unit, f"{title}: every vintage"),
            (
                "Every vintage: the strong line is the latest, pale lines are earlier ones. Rings "
                "mark first releases."
            ),
        ),
        _triangle(story),
    )
    yield section("How figures were revised", *_revisions(story, title))
    yield section(
        f"The states in {story.state_period}",
        figure(
            tile_map(
                story.states, story.unit, f"{story.category_name} by state, {story.state_period}"
            ),
            f"{story.category_name}, {story.unit}. Each shade is a fifth of the states.",
        ),
    )
    yield section("Checks", checks_table(list(story.checks)))
    yield section("Sources of the figures", *_origins(story))


def _figures(story: Story) -> str:
    rows = [
        (
            row["time_period"],
            _shown(row["value"]) or row["source_symbol"],
            row["vintage"],
            row["notes"],
        )
        for row in story.latest[::-1]
    ]
    return table(
        "Latest figures", ("period", "figure", "release", "notes"), rows, right=("figure",)
    )


def _triangle(story: Story) -> str:
    turned = story.triangle
    fixed = len(turned.index)
    kept = turned.columns[fixed:][-_VINTAGES:]
    columns = ("period", *kept)
    rows = [
        (row[fixed - 1], *map(_shown, row[len(row) - len(kept) :]))
        for row in turned.rows[-_PERIODS:]
    ]
    return folded(
        "The triangle of revisions",
        table("A column for each vintage", columns, rows, right=columns[1:]),
    )


def _revisions(story: Story, title: str) -> Iterator[str]:
    periods = sorted({period for _, period in story.moves})
    vintages = sorted({vintage for vintage, _ in story.moves})
    if not periods:
        yield paragraph("No figure of this series has been released twice yet.")
        return
    yield figure(
        heat_map(story.moves, periods, vintages, f"{title}: revisions"),
        (
            "How much each release changed the figures of the previous one: a row for each release, "
            "a column for each period. Orange is down, violet is up; darker is more."
        ),
    )
    shown = story.statistics[:_VINTAGES]
    columns = ("statistic", *(f"release {one['release']}" for one in shown))
    rows = [
        (words, *(_number(one[name]) for one in shown))
        for name, words in _STATISTICS
        if any(one[name] is not None for one in shown)
    ]
    yield table(
        "From each release to the latest; release 0 is the first", columns, rows, right=columns[1:]
    )
    if any(one["news_p"] is not None for one in shown):
        first = shown[0]["first_efficient"]
        told = "none of them" if first is None else f"release {first}"
        yield paragraph(f"First release with unpredictable revisions, at 5 %: {told}.")


def _origins(story: Story) -> Iterator[str]:
    rows = [(one.held.vintage.id, one.held.dataset, one.held.note, f"{one.held.rows:,}", len(one.payloads), one.held.figures) for one in story.origins]  # fmt: skip
    yield table(
        "Vintages of the dataset; each hash covers all figures of the vintage",
        ("vintage", "dataset", "the agency's note", "figures", "payloads", "hash"),
        rows,
        right=("figures", "payloads"),
    )
    for one in story.origins[-_VINTAGES:]:
        yield folded(f"Payloads of {one.held.vintage.id}", payload_table(_payloads(one)))
    key, last = story.key, story.latest[-1]
    yield paragraph("This command traces a figure to its bytes and verifies each step:")
    yield command(
        f"statpipe explain {story.model} --area {key['ref_area']} --category {key['category']} --period {last['time_period']}"
    )


def _payloads(one: Origin) -> list[tuple[str, str, int]]:
    return [(kept.name, kept.sha256, kept.size) for kept in one.payloads]


def _shown(value: object) -> str | None:
    return f"{value:,f}" if isinstance(value, Decimal) else None if value is None else str(value)


def _number(value: object) -> str:
    if not isinstance(value, float):
        return "" if value is None else f"{value:,}"
    if value == 0 or abs(value) >= 100:  # noqa: PLR2004 - three digits stand before the point
        return f"{value:,.1f}"
    return f"{value:,.3g}"
