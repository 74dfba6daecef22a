"""Observations of the API's answers, with lines, units and titles checked against the code list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from statpipe.api import Category, ContentError, Dataset, Payload
from statpipe.domain.codes import looked_up, one_array, trimmed
from statpipe_bea.accepted import Accepted
from statpipe_bea.answers import Answer, Batch, area_name, batches, read_answer, rows_of
from statpipe_bea.crosswalk import Layout, PrintedLine, identified, is_renumbered, layout_of
from statpipe_bea.figures import figures
from statpipe_bea.line_lists import is_line_list, line_titles
from statpipe_bea.lines import from_titles
from statpipe_bea.other_lines import other_title, other_unit
from statpipe_bea.part import Part, area_code, names_with_new, table_name
from statpipe_bea.release import released
from statpipe_bea.tables import category_code
from statpipe_bea.titles import ends_in_title, without_table

if TYPE_CHECKING:
    import pyarrow as pa

_CODE = re.compile(r"(?P<table>[A-Z0-9]+)-(?P<line>[1-9][0-9]*)")
_YEAR = re.compile(r"(19|20|21)[0-9]{2}")


def observations_of_answers(
    dataset: Dataset, payloads: Sequence[Payload], accepted: Accepted
) -> list[Part]:
    """
    Read all answers of one release of a table: line lists, and rows.

    :raises ContentError: A payload is malformed, of another table or release, or a line is not
        what it was.
    """
    known = {category.code: category for category in dataset.categories}
    lists = [payload for payload in payloads if is_line_list(payload)]
    answers = [read_answer(payload) for payload in payloads if not is_line_list(payload)]
    note = _one_release(answers)
    if is_renumbered(dataset.name):
        codes = _codes_by_title(dataset, lists, answers, _day(note, answers), accepted.titles)
    else:
        for payload in lists:
            _check_line_list(payload, dataset, known, accepted.titles)
        codes = {code.rpartition(":")[2]: code for code in known}
    titles = {line: title for one in lists for line, title in line_titles(one).items()}
    parts = []
    for batch in batches(answers):
        categories = _categories(batch, dataset, codes, titles)
        _check_units(batch, categories, known, accepted)
        _check_titles(batch, categories, known, accepted.titles)
        parts.append(_part(batch, dataset, categories, titles))
    return parts


def _part(
    batch: Batch, dataset: Dataset, categories: pa.DictionaryArray, titles: Mapping[str, str]
) -> Part:
    import pyarrow as pa

    table = batch.table
    areas, periods = trimmed(table["GeoFips"]), trimmed(table["TimePeriod"])
    codes = [
        area_code(fips, dataset, lambda f=fips: _first(batch, areas, f))  # type: ignore[misc]
        for fips in areas.dictionary.to_pylist()
    ]
    for period in periods.dictionary.to_pylist():
        if not _YEAR.fullmatch(period):
            where = _first(batch, periods, period)
            raise ContentError(f"{where}: TimePeriod {period!r}; expected a year such as 2021")
    references = table["NoteRef"]
    area_codes = looked_up(areas, codes)
    names = {
        "category_name": names_with_new(
            categories,
            dataset.categories,
            lambda code: without_table(titles.get(code.rpartition(":")[2], "")),
        ),
        "geo_name": names_with_new(area_codes, dataset.areas, lambda fips: _area_name(batch, fips)),
    }
    columns = {
        "ref_area": area_codes,
        "category": categories,
        "time_period": periods,
        **figures(
            one_array(table["DataValue"]),
            one_array(references) if references.null_count < len(references) else None,
            [
                (answer.footnotes, count)
                for answer, count in zip(batch.answers, batch.counts, strict=True)
            ],
            batch.where,
        ),
        **{name: column for name, column in names.items() if column is not None},
    }
    return Part(table=pa.table(columns), where=batch.where)


def _codes_by_title(
    dataset: Dataset,
    lists: Sequence[Payload],
    answers: Sequence[Answer],
    day: date,
    titles: Mapping[str, str],
) -> Layout:
    """Read what each line is from the list of lines; where there is none, from single answers."""
    table = dataset.name
    listed = [line for one in lists for line in from_titles(line_titles(one), _named(one))]
    if listed:
        return layout_of(table, listed, day, titles)
    codes: dict[str, str] = {}
    for answer in answers:
        statistic = answer.results.get("Statistic")
        numbers = {
            match["line"] for row in rows_of(answer) if (match := _CODE.fullmatch(str(row["Code"])))
        }
        if isinstance(statistic, str) and len(numbers) == 1:
            line = PrintedLine(line=numbers.pop(), title=statistic, where=_named(answer.payload))
            codes[line.line] = identified(table, line, day, titles)
    return codes


def _day(note: str, answers: Sequence[Answer]) -> date:
    try:
        return released(note)
    except ValueError as error:
        name = answers[0].payload.name if answers else "none"
        msg = f"payload {name}: {error}; expected the note of the last update in Notes"
        raise ContentError(msg) from error


def _named(payload: Payload) -> str:
    return f"payload {payload.name}"


def _categories(
    batch: Batch, dataset: Dataset, lines: Mapping[str, str], titles: Mapping[str, str]
) -> pa.DictionaryArray:
    codes = trimmed(batch.table["Code"])
    categories = []
    for text in codes.dictionary.to_pylist():
        match = _CODE.fullmatch(text)
        if match is None or table_name(match["table"]) != dataset.name:
            where = _first(batch, codes, text)
            raise ContentError(f"{where}: Code {text!r}; expected {dataset.name}-<line>")
        line = match["line"]
        if line not in lines and titles and line not in titles:
            where = _first(batch, codes, text)
            msg = (
                f"{where}: {dataset.name} has no line {line} in its list of lines; expected one of "
                f"{len(titles)}"
            )
            raise ContentError(msg)
        categories.append(lines.get(line) or category_code(dataset.name, line))
    return looked_up(codes, categories)


def _check_units(
    batch: Batch,
    categories: pa.DictionaryArray,
    known: Mapping[str, Category],
    accepted: Accepted,
) -> None:
    """A line keeps its unit and multiplier; else its number means something else now."""
    import pyarrow as pa

    units, powers = trimmed(batch.table["CL_UNIT"]), trimmed(batch.table["UNIT_MULT"])
    units_known = {category.unit_measure for category in known.values()}
    seen = pa.table(
        {"category": categories.indices, "unit": units.indices, "power": powers.indices}
    ).group_by(["category", "unit", "power"])
    for combination in seen.aggregate([]).to_pylist():
        category = known.get(categories.dictionary[combination["category"]].as_py())
        if category is None:
            continue
        unit = units.dictionary[combination["unit"]].as_py()
        power = powers.dictionary[combination["power"]].as_py()
        same_power = power == str(category.unit_mult)
        if same_power and accepted.unit(unit, units_known) == category.unit_measure:
            continue
        row = _row_with(categories, category.code, units, unit, powers, power)
        if same_power:
            raise ContentError(other_unit(batch.where(row), unit, category))
        msg = (
            f"{batch.where(row)}: {category.code} is in {unit!r} times 10^{' '.join(power.split())}; expected "
            f"{category.unit_measure!r} times 10^{category.unit_mult}: the line has changed its meaning"
        )
        raise ContentError(msg)


def _check_titles(
    batch: Batch,
    categories: pa.DictionaryArray,
    known: Mapping[str, Category],
    titles: Mapping[str, str],
) -> None:
    """Statistic names the line, in an answer about just one."""
    first = 0
    for answer, count in zip(batch.answers, batch.counts, strict=True):
        statistic = answer.results.get("Statistic")
        own = categories[first : first + count]
        first += count
        if not isinstance(statistic, str) or not statistic.strip() or _several(own):
            continue
        category = known.get(own[0].as_py())
        if category is not None and not ends_in_title(statistic, category, titles):
            where = f"payload {answer.payload.name}"
            raise ContentError(other_title(where, statistic, category, known.values()))


def _check_line_list(
    payload: Payload,
    dataset: Dataset,
    known: Mapping[str, Category],
    titles: Mapping[str, str],
) -> None:
    for line, title in line_titles(payload).items():
        category = known.get(category_code(dataset.name, line))
        if category is not None and not ends_in_title(title, category, titles):
            where = f"payload {payload.name}"
            msg = other_title(where, title, category, known.values())
            raise ContentError(msg, payload=payload)


def _area_name(batch: Batch, fips: str) -> str | None:
    names = (area_name(answer, fips) for answer in batch.answers)
    return next((name for name in names if name), None)


def _one_release(answers: Sequence[Answer]) -> str:
    """Return the note of the release that all answers are of."""
    first: tuple[str, str] | None = None
    for answer in answers:
        note = answer.release
        first = first or (answer.payload.name, note)
        if note != first[1]:
            msg = (
                f"payload {answer.payload.name}: {note!r}, but payload {first[0]}: {first[1]!r}; "
                "expected payloads of one release"
            )
            raise ContentError(msg, payload=answer.payload)
    return first[1] if first else ""


def _several(codes: pa.DictionaryArray) -> bool:
    import pyarrow.compute as pc

    return bool(pc.count_distinct(codes.indices).as_py() > 1)


def _first(batch: Batch, codes: pa.DictionaryArray, text: str) -> str:
    import pyarrow.compute as pc

    place = codes.dictionary.index(text).as_py()
    return batch.where(pc.index(codes.indices, place).as_py())


def _row_with(*pairs: object) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    columns, texts = pairs[::2], pairs[1::2]
    wanted = None
    for column, text in zip(columns, texts, strict=True):
        same = pc.equal(column, pa.scalar(text, pa.string()))
        wanted = same if wanted is None else pc.and_(wanted, same)
    return int(pc.index(wanted, True).as_py())
