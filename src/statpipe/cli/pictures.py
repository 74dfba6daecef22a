"""``statpipe plot`` and ``statpipe report``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from statpipe.api import ConfigError
from statpipe.cli.common_options import CommonOptions
from statpipe.cli.option_types import Conditions, Name, Names
from statpipe.cli.runs import found_run
from statpipe.cli.session import Session, in_session
from statpipe.cli.show import columns_wanted
from statpipe.cli.terminal import say
from statpipe.engine.answers.figures import figures, whole_model
from statpipe.engine.answers.pictures.heat import heat_map
from statpipe.engine.answers.pictures.lines import fan, lines
from statpipe.engine.answers.pictures.svg import SERIES, standing_alone
from statpipe.engine.answers.pictures.tiles import tile_map
from statpipe.engine.answers.story import series_of, story_of
from statpipe.engine.answers.wide import PERIOD, varying
from statpipe.engine.record.records import manifest_of
from statpipe.engine.site.site import Site

Kind = Literal["lines", "vintages", "revisions", "map"]
_SCALE = 2
"""Pixels of the PNG for each pixel of the picture, so that it stays sharp when enlarged."""
_LETTER = standing_alone(
    '<svg class="picture" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">\n<text y="15">M</text></svg>'
)


def plot(
    model: Name,
    *,
    kind: Kind = "lines",
    area: Names = (),
    category: Names = (),
    dataset: Names = (),
    where: Conditions = (),
    period: Names = (),
    out: Path | None = None,
    options: CommonOptions | None = None,
) -> int:
    """
    Draw figures of a model into an SVG or PNG file.

    Parameters
    ----------
    model
        Its name, such as `pce_state` or `pce_state_yoy`.
    kind
        `lines`: series over time; `vintages`: one series in every release; `revisions`: how much
        each release changed one series; `map`: the US states in one period.
    area
        Areas by code, such as `CA TX`; at most six series are drawn.
    category
        Categories by code, such as `SAPCE1:1`.
    dataset
        Datasets, such as `SAPCE1`.
    where
        Any other column, such as `geo_level=state`.
    period
        Periods, such as `2015:2021`.
    out
        File to write, ending in `.svg` or `.png`; default: MODEL.svg in this folder.
    """
    options = options or CommonOptions()
    path = out or Path(f"{model}.svg")

    def work(session: Session) -> int:
        _refuse_impossible(path)
        wanted = columns_wanted(area, category, dataset, where, period)
        with session.lake() as site:
            title, svg = (
                _lines(site, model, wanted)
                if kind == "lines"
                else _of_one(site, model, wanted, kind)
            )
        _write(path, standing_alone(svg, title))
        say(str(path))
        return 0

    return in_session(options, work)


def report(
    what: Name,
    *,
    area: Names = (),
    category: Names = (),
    dataset: Names = (),
    where: Conditions = (),
    period: Names = (),
    out: Path | None = None,
    options: CommonOptions | None = None,
) -> int:
    """
    Write a report on a series or a run as one HTML file: vintages, revisions, states, checks, and
    where figures come from.

    The file needs no network and runs no script. If several series match, it describes the first.

    Parameters
    ----------
    what
        A model, such as `pce_state`, or a run: its id, the beginning of its id, or `latest`.
    area
        Area by code, such as `CA`.
    category
        Category by code, such as `SAPCE1:1`.
    dataset
        Dataset, such as `SAPCE1`.
    where
        Any other column, such as `freq=Q`.
    period
        Periods, such as `2015:2021`.
    out
        File to write; default: the name of the model or run with `.html`, in this folder.
    """
    options = options or CommonOptions()
    path = out or Path(f"{what}.html")

    def work(session: Session) -> int:
        from statpipe.engine.answers.report import report_page
        from statpipe.engine.answers.run_report import run_page

        _refuse_missing_folder(path)
        wanted = columns_wanted(area, category, dataset, where, period)
        with session.lake() as site:
            if _names_run(site, what):
                text = run_page([manifest_of(site.lake, *found_run(site.lake, what))])
            else:
                text = report_page(story_of(site, what, wanted))
        write_text(path, text)
        say(str(path))
        return 0

    return in_session(options, work)


def _names_run(site: Site, what: str) -> bool:
    if what in site.registry.named("model"):
        return False
    return what == "latest" or any(run.startswith(what) for _, run in site.lake.run_ids())


def write_text(path: Path, text: str) -> None:
    """
    Write a file.

    :raises ConfigError: It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}; name another file"
        ) from None


def _lines(site: Site, name: str, wanted: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    model = whole_model(site, name)
    if model.measure is None or not {PERIOD, "period_start"} <= {one.name for one in model.columns}:
        raise ConfigError(
            f"model {name} has no figures over time; `statpipe show` lists the models"
        )
    table = figures(site, model, wanted)
    telling = varying(
        table, [one for one in model.grain if one != PERIOD and not one.endswith("vintage")]
    )
    rows = sorted(table.to_pylist(), key=lambda row: row["period_start"])
    series = series_of(rows, model.measure, telling)
    if len(series) > SERIES:
        chosen = " and ".join(f"--{one.replace('ref_', '')}" for one in telling)
        msg = (
            f"{name}: {len(series):,} series match, and a picture shows at most {SERIES}; choose "
            f"by {chosen}"
        )
        raise ConfigError(msg)
    unit = next((one.unit for one in model.columns if one.name == model.measure), "") or ""
    if unit.startswith("see "):
        unit = ", ".join(sorted({str(row[unit.removeprefix("see ")]) for row in rows}))
    same = [
        str(rows[0][label])
        for label, code in (("area_name", "ref_area"), ("category_name", "category"))
        if code not in telling and rows[0].get(label)
    ]
    title = ", ".join(same) or model.title
    return title, lines(series, {row["period_start"]: row[PERIOD] for row in rows}, unit, title)


def _of_one(
    site: Site, name: str, wanted: Mapping[str, Sequence[str]], kind: Kind
) -> tuple[str, str]:
    story = story_of(site, name, wanted)
    title = f"{story.category_name}, {story.area_name}"
    if kind == "vintages":
        return title, fan(story.vintages, story.names, story.unit, title)
    if kind == "map":
        title = f"{story.category_name}, {story.state_period}, {story.unit}"
        svg = tile_map(story.states, story.unit, title)
        missing = "a map needs figures of more US states"
    else:
        periods, vintages = (sorted({key[place] for key in story.moves}) for place in (1, 0))
        svg = heat_map(story.moves, periods, vintages, title)
        missing = "no figure of this series has been revised"
    if not svg:
        raise ConfigError(f"{name}: {missing}; choose another series, or --kind lines")
    return title, svg


def _write(path: Path, svg: str) -> None:
    if path.suffix == ".svg":
        write_text(path, svg)
        return
    try:
        import resvg_py  # noqa: F401 - is it there?
    except ImportError:
        msg = (
            "PNG needs resvg-py, which is not installed; run `pip install resvg-py` (part of "
            'the extra "analysts"), or name a file that ends in .svg'
        )
        raise ConfigError(msg) from None
    if _pixels(_LETTER) == _pixels(_LETTER.replace(">M<", "><")):
        msg = (
            "PNG needs a font, and none is installed; install one, such as fonts-dejavu-core, "
            "or name a file that ends in .svg"
        )
        raise ConfigError(msg)
    try:
        path.write_bytes(_pixels(svg))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}; name another file"
        ) from None


def _pixels(svg: str) -> bytes:
    from resvg_py import svg_to_bytes

    return bytes(svg_to_bytes(svg_string=svg, zoom=_SCALE))


def _refuse_impossible(path: Path) -> None:
    if path.suffix not in {".svg", ".png"}:
        raise ConfigError(f"--out {path} must end in .svg or .png")
    _refuse_missing_folder(path)


def _refuse_missing_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise ConfigError(f"--out {path}: the folder {path.parent} does not exist; create it first")
