"""The report on runs as a page: what each found, how figures changed, what checks found, and the
hashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from statpipe.api import Manifest
from statpipe.domain.revision import Revision, percent
from statpipe.engine.answers.pictures.page import (
    figure,
    folded,
    page,
    paragraph,
    section,
    table,
)
from statpipe.engine.answers.pictures.svg import text_of
from statpipe.engine.answers.pictures.tiles import tile_map
from statpipe.engine.answers.report import checks_table, payload_table

_WELL = frozenset({"loaded", "unchanged", "ingested"})
_MOVES = ("ref_area", "category", "category_name", "time_period", "old", "new")
_AREAS = 15


def run_page(manifests: Sequence[Manifest]) -> str:
    """
    Return the page of some runs, in their order.
    """
    names = ", ".join(one.source for one in manifests)
    title = f"Run of {names}" if manifests else "No run"
    parts = (part for place, one in enumerate(manifests) for part in _parts(one, place))
    return page(title, parts)


def _parts(manifest: Manifest, place: int) -> Iterator[str]:
    css = "ok" if manifest.outcome in _WELL else "bad"
    yield f'<header>\n<h1>{text_of(manifest.source)}: <span class="{css}">{text_of(manifest.outcome)}</span></h1>'
    seconds = (manifest.finished - manifest.started).total_seconds()
    yield paragraph(f"{manifest.started:%d %B %Y, %H:%M:%S} UTC, {seconds:.1f} seconds, environment {manifest.environment}, run {manifest.run_id}", "quiet")  # fmt: skip
    yield paragraph(manifest.message) if manifest.message else ""
    yield paragraph(manifest.notice, "warn") if manifest.notice else ""
    yield "</header>"
    rows = [(one.dataset, one.vintage, one.outcome, f"{one.rows:,}" if one.rows else "", one.reason) for one in manifest.vintages]  # fmt: skip
    yield section(
        "What was found",
        table(
            "Vintages that the agency offers",
            ("dataset", "vintage", "outcome", "figures", "why"),
            rows,
            right=("figures",),
        ),
    )
    revisions = [one.revision for one in manifest.vintages if one.revision is not None]
    yield section(
        "Changes to the figures",
        *(
            part
            for number, one in enumerate(revisions)
            for part in _revision(one, f"r{place}-{number}")
        ),
    )
    yield section("Checks", checks_table(list(manifest.checks)))
    yield section(
        "Payloads",
        *(
            folded(
                f"{one.dataset} {one.vintage}: {len(one.bronze)} payloads",
                payload_table([(kept.name, kept.sha256, kept.size) for kept in one.bronze]),
            )
            for one in manifest.vintages
            if one.bronze
        ),
    )


def _revision(revision: Revision, name: str) -> Iterator[str]:
    yield paragraph(f"{revision.in_words}.")
    sizes = {
        area: moved.median_percent
        for area, moved in revision.by_area.items()
        if moved.median_percent is not None
    }
    yield figure(
        tile_map(sizes, "%", f"{revision.dataset}: median size of revisions by state", name=name),
        "Median absolute revision of each state's figures, in per cent.",
    )
    areas = sorted(revision.by_area.items(), key=lambda pair: -(pair[1].largest_percent or 0.0))
    yield table(
        "Areas with the largest revisions",
        ("area", "compared", "revised", "median", "largest"),
        [
            (area, f"{moved.compared:,}", f"{moved.revised:,}", percent(moved.median_percent), percent(moved.largest_percent))
            for area, moved in areas[:_AREAS]
        ],
        right=("compared", "revised", "median", "largest"),
    )  # fmt: skip
    yield table(
        "Largest revisions",
        ("area", "category", "title", "period", "before", "now", "change"),
        [(*(move[one] for one in _MOVES), percent(move["percent"])) for move in revision.largest],
        right=("before", "now", "change"),
    )
