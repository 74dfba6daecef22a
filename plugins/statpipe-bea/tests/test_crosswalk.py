"""Title and unit identify a line of a price table, and its number does not."""

import csv
import io
import zipfile
from datetime import date
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import ContentError, Payload
from statpipe.domain.canonical import content_hash
from statpipe.domain.seal import seal
from statpipe_bea import price_tables
from statpipe_bea.crosswalk import (
    PrintedLine,
    is_renumbered,
    known_layout,
    layout_of,
    layout_or_known,
    recorded,
)
from statpipe_bea.line_lists import METHOD
from statpipe_bea.lines import lines_in_token, release_lines
from statpipe_bea.normalizer import RegionalNormalizer
from support.price_releases import Line, Sheet, first_release, release_of_2025, release_of_2026

from .answers import answer, body_of, line_list

TABLES = ("SARPP", "SARPI", "SAIRPD")
D2022, D2025, D2026 = date(2022, 12, 15), date(2025, 2, 20), date(2026, 2, 19)
RELEASES = {D2022: first_release(), D2025: release_of_2025(), D2026: release_of_2026()}
PARITIES = ("rpp_all_items", "rpp_goods", "rpp_housing", "rpp_utilities", "rpp_other_services")


def printed(sheet):
    return [
        PrintedLine(line=str(n), title=line.title, unit=line.unit, where=f"line {n}")
        for n, line in enumerate(sheet.lines, 1)
    ]


# --- The data files ------------------------------------------------------------------------------


def test_only_the_price_tables_have_a_crosswalk():
    assert all(is_renumbered(table) for table in TABLES)
    assert not is_renumbered("SAPCE1")


@pytest.mark.parametrize("table", TABLES)
def test_crosswalk_and_categories_name_the_same_titles_and_units(table):
    categories = {c.code: (c.name, c.unit_measure) for c in price_tables.categories(table)}
    assert {row.category: (row.title, row.unit) for row in recorded(table)} == categories
    assert all(code.startswith(f"{table}:") for code in categories)


@pytest.mark.parametrize("table", TABLES)
def test_a_base_year_is_part_of_category_and_unit(table):
    for category in price_tables.categories(table):
        year = category.code[-4:]
        if "constant" in category.unit_measure.lower():
            assert f" {year} " in category.unit_measure
            assert f"({year})" in category.name
            assert category.unit_mult == (6 if category.unit_measure.startswith("Mill") else 0)


def test_the_record_of_december_2022_equals_beas_file():
    bulk = Path(__file__).parent / "data" / "SARPP.zip"
    with zipfile.ZipFile(bulk) as archive:
        for table in TABLES:
            text = archive.read(f"{table}_STATE_2008_2021.csv").decode()
            found = {
                (
                    row["LineCode"],
                    row["Description"].split("/")[0].strip(" 1234567890"),
                    row["Unit"],
                )
                for row in csv.DictReader(io.StringIO(text))
                if row["LineCode"]
            }
            layout = known_layout(table, D2022)
            titles = {row.category: (row.title, row.unit) for row in recorded(table)}
            assert found == {(line, *titles[code]) for line, code in layout.items()}


def test_sarpp_has_five_lines_then_ten_then_five():
    layouts = [known_layout("SARPP", day) for day in (D2022, D2025, D2026)]
    assert [len(layout) for layout in layouts] == [5, 10, 5]
    assert [layout["1"] for layout in layouts] == [
        "SARPP:rpp_all_items",
        "SARPP:real_income_2017",
        "SARPP:rpp_all_items",
    ]
    assert layouts[1]["5"] == "SARPP:rpp_all_items"
    assert known_layout("SARPP", date(2026, 2, 18)) == layouts[1]
    assert known_layout("SARPP", date(2022, 12, 14)) == {}


# --- Reading a release ---------------------------------------------------------------------------


@pytest.mark.parametrize("day", RELEASES)
def test_each_recorded_release_is_read(day):
    for table, sheet in RELEASES[day].items():
        assert layout_of(table, printed(sheet), day, {}) == known_layout(table, day)


@settings(deadline=None, max_examples=60)
@given(day=st.sampled_from([D2022, D2025, D2026]), data=st.data())
def test_the_order_of_lines_never_changes_the_category_of_a_title(day, data):
    sheet = RELEASES[day]["SARPP"]
    turned = sheet.with_lines(data.draw(st.permutations(sheet.lines)))
    by_title = {
        line.title: known_layout("SARPP", day)[str(n)] for n, line in enumerate(sheet.lines, 1)
    }
    assert layout_of("SARPP", printed(turned), day, {}) == {
        str(n): by_title[line.title] for n, line in enumerate(turned.lines, 1)
    }


def test_a_deflator_has_the_base_year_of_its_time():
    (line,) = printed(RELEASES[D2022]["SAIRPD"])
    base = {
        day: layout_of("SAIRPD", [line], day, {})["1"]
        for day in (date(2018, 7, 27), D2022, date(2023, 9, 27), date(2023, 9, 28), D2026)
    }
    assert list(base.values()) == [
        "SAIRPD:deflator_2012",
        "SAIRPD:deflator_2012",
        "SAIRPD:deflator_2012",
        "SAIRPD:deflator_2017",
        "SAIRPD:deflator_2017",
    ]
    with pytest.raises(ContentError, match="may be SAIRPD:deflator_2012 or SAIRPD:deflator_2017"):
        layout_of("SAIRPD", [line], date(2017, 1, 1), {})


def test_the_deflator_equals_the_price_parity_in_its_base_year():
    """So the base year of the release of 2022, which the deflator's file does not print, is 2012."""
    parity = RELEASES[D2022]["SARPP"].line("RPPs: All items").figures
    for fips, figures in RELEASES[D2022]["SAIRPD"].lines[0].figures.items():
        same = [year for year, text in figures.items() if text == parity[fips][year]]
        assert same == ["2012"]


def test_a_release_between_recorded_ones_is_read_by_its_titles():
    """Such as one of December 2023, of which no file is at hand."""
    day = date(2023, 12, 14)
    for table in ("SARPP", "SARPI", "SAIRPD"):
        found = layout_of(table, printed(RELEASES[D2026][table]), day, {})
        assert found == known_layout(table, D2026)


# --- What is refused -----------------------------------------------------------------------------


def changed(**changes):
    lines = printed(RELEASES[D2022]["SARPP"])
    first = lines[0]
    values = {"line": "1", "title": first.title, "unit": first.unit, "where": "here"} | changes
    return [PrintedLine(**values), *lines[1:]]


def refusal(lines, table="SARPP", day=D2022, accepted=None):
    with pytest.raises(ContentError) as caught:
        layout_of(table, lines, day, accepted or {})
    return str(caught.value)


def test_a_known_line_with_another_title_is_refused_and_says_what_to_do():
    text = refusal(changed(title="RPPs: Everything"))
    assert text == (
        "here: line 1 of SARPP is titled 'RPPs: Everything' in 'Index', which no recorded release "
        "has (line 1 was 'RPPs: All items' in 'Index'); expected a known title in its unit. If it "
        "is a known category under a new title, accept it in statpipe.toml: "
        '[normalizers.bea_regional.titles] "SARPP:rpp_all_items" = "<the new title>"; if it is a '
        "new one, record it in statpipe_bea/data/price_lines.csv"
    )


def test_an_accepted_title_is_the_same_category():
    lines = changed(title="RPPs: Everything")
    accepted = {"SARPP:rpp_all_items": "RPPs: Everything"}
    assert layout_of("SARPP", lines, D2022, accepted) == known_layout("SARPP", D2022)


def test_a_known_title_in_another_unit_is_another_category():
    assert refusal(changed(unit="Index (2022=100)")) == (
        "here: line 1 of SARPP is titled 'RPPs: All items ' in 'Index (2022=100)'; "
        "SARPP:rpp_all_items is in 'Index'. It is a different category: record it in "
        "statpipe_bea/data/price_lines.csv"
    ).replace("items '", "items'")


def test_a_unit_in_another_spelling_says_how_to_accept_it():
    lines = [
        PrintedLine(
            line="3", title="Real PCE", unit="Millions of dollars, constant 2012", where="here"
        )
    ]
    text = refusal(
        [attrs.evolve(lines[0], title="Real PCE (millions of constant (2012) dollars)")], "SARPI"
    )
    assert text.endswith(
        "accept it in statpipe.toml: [normalizers.bea_regional.units] "
        '"Millions of dollars, constant 2012" = "Millions of constant 2012 dollars"'
    )


def test_constant_dollars_of_an_unknown_base_year_are_refused():
    lines = [
        PrintedLine(
            line=one.line,
            title=one.title.replace("2012", "2022"),
            unit=one.unit.replace("2012", "2022"),
            where=one.where,
        )
        for one in printed(RELEASES[D2022]["SARPI"])
    ]
    assert "which no recorded release has" in refusal(lines, "SARPI", date(2029, 2, 1))


def test_an_invalid_line_number_is_refused():
    assert "line 'x' of SARPP; expected a number" in refusal(changed(line="x"))


def test_a_missing_line_is_refused():
    lines = printed(RELEASES[D2022]["SARPP"])
    text = refusal(lines[:4])
    assert "holds 4 categories (without SARPP:rpp_other_services)" in text
    assert "record the new list in statpipe_bea/data/price_lines.csv" in text


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("RPPs: Services: Education", "Index"),
        ("RPPs: All items", "Percent"),
        ("Implicit regional price deflator", "Index"),  # of 2012 then, which SARPP never printed
    ],
)
def test_an_additional_line_is_left_out_and_changes_nothing(title, unit):
    lines = printed(RELEASES[D2022]["SARPP"])
    more = PrintedLine(line="6", title=title, unit=unit, where="here")
    assert layout_of("SARPP", [more, *lines], D2022, {}) == known_layout("SARPP", D2022)


def test_an_additional_line_does_not_hide_a_retitled_one():
    more = PrintedLine(line="6", title="RPPs: Services: Education", unit="Index", where="here")
    assert "line 1 of SARPP is titled 'RPPs: Everything'" in refusal(
        [*changed(title="RPPs: Everything"), more]
    )


def test_a_new_line_is_requested():
    lines = printed(RELEASES[D2022]["SARPP"])
    more = PrintedLine(line="6", title="RPPs: Services: Education", unit="Index", where="here")
    found = release_lines(price_tables.dataset("SARPP"), iter([*lines, more]), D2022)
    assert found.new == (more,)
    assert found.asked == {**known_layout("SARPP", D2022), "6": None}


def test_two_lines_with_one_title_are_refused():
    lines = printed(RELEASES[D2022]["SARPP"])
    assert "and so is line 1 at line 1; expected each category once" in refusal(
        [*lines, PrintedLine(line="6", title=lines[0].title, unit="Index", where="here")]
    )


def test_one_line_with_two_titles_is_refused():
    lines = printed(RELEASES[D2022]["SARPP"])
    twice = PrintedLine(line="1", title=lines[1].title, unit="Index", where="here")
    assert "line 1 of SARPP is SARPP:rpp_goods" in refusal([lines[0], twice, *lines[2:]])


def test_a_channel_uses_the_record_if_a_release_cannot_be_read():
    lines = changed(title="RPPs: Everything")
    assert layout_or_known("SARPP", lines, D2022) == (known_layout("SARPP", D2022), False)
    lines = printed(RELEASES[D2022]["SARPP"])
    assert layout_or_known("SARPP", lines, D2022) == (known_layout("SARPP", D2022), True)


def test_a_token_without_lines_gives_none():
    assert lines_in_token("csv:12") == {}
    assert lines_in_token("csv:12\napi:34 lines:1=A:b,2=A:c") == {"1": "A:b", "2": "A:c"}


# --- The normalizer, over generated tables -------------------------------------------------------

FIPS = {"00000": "US", "06000": "CA", "56000": "WY"}
texts = st.sampled_from(["0", "0.000", "99.5", "112.195", "2335587.4", "(NA)"])


@st.composite
def sheets(draw):
    """A release of SARPP with few areas and years, drawn figures, and lines in any order."""
    day = draw(st.sampled_from([D2022, D2025, D2026]))
    sheet = RELEASES[day]["SARPP"]
    years = draw(st.sampled_from([("2020",), ("2020", "2021")]))
    lines = [
        Line(
            line.title,
            line.unit,
            {fips: {year: draw(texts) for year in years} for fips in FIPS},
        )
        for line in sheet.lines
    ]
    whole = Sheet(sheet.table, sheet.title, sheet.note, tuple(lines), sheet.names)
    return day, whole, whole.with_lines(draw(st.permutations(lines)))


def by_csv(sheet):
    return [Payload(name="SARPP_STATE_2020_2021.csv", body=sheet.csv(), media_type="text/csv")]


def by_api(sheet):
    listed = {str(n): f"[SARPP] {line.title.strip()}" for n, line in enumerate(sheet.lines, 1)}
    payloads = [
        Payload(name="SARPP-lines", body=body_of(line_list(listed)), request={"method": METHOD})
    ]
    for n, line in enumerate(sheet.lines, 1):
        rows = [
            {
                "Code": f"SARPP-{n}",
                "GeoFips": fips,
                "GeoName": "an area",
                "TimePeriod": year,
                "CL_UNIT": line.unit,
                "UNIT_MULT": "6" if line.unit.startswith("Millions") else "0",
                "DataValue": text,
            }
            for fips, figures in line.figures.items()
            for year, text in figures.items()
        ]
        body = answer(rows, note=sheet.note, Statistic=line.title.strip())
        payloads.append(Payload(name=f"SARPP-line-{n}", body=body_of(body)))
    return payloads


def silver_of(payloads, day):
    dataset = price_tables.dataset("SARPP")
    return seal(RegionalNormalizer().normalize(dataset, payloads), dataset, day.isoformat())


def oracle(day, sheet):
    """What Silver must hold, by the titles alone, in the order of the record."""
    codes = [f"SARPP:{one}" for one in PARITIES]
    if day == D2025:
        reals = ("real_income", "real_income_per_capita", "real_pce", "real_pce_per_capita")
        codes = [*(f"SARPP:{one}_2017" for one in reals), *codes, "SARPP:deflator_2017"]
    return {
        (FIPS[fips], code, year): text
        for code, line in zip(codes, sheet.lines, strict=True)
        for fips, figures in line.figures.items()
        for year, text in figures.items()
    }


@settings(deadline=None, max_examples=40)
@given(drawn=sheets())
def test_line_numbers_do_not_change_silver(drawn):
    day, whole, turned = drawn
    by_number = silver_of(by_csv(whole), day)
    assert content_hash(silver_of(by_csv(turned), day)) == content_hash(by_number)
    assert content_hash(silver_of(by_api(turned), day)) == content_hash(
        silver_of(by_api(whole), day)
    )
    found = {
        (row["ref_area"], row["category"], row["time_period"]): row for row in by_number.to_pylist()
    }
    expected = oracle(day, whole)
    assert found.keys() == expected.keys()
    for key, text in expected.items():
        row = found[key]
        if text == "(NA)":
            assert (row["obs_value"], row["obs_status"], row["source_symbol"]) == (None, "O", text)
        else:
            assert (float(row["obs_value"]), row["obs_status"]) == (float(text), "A")


def test_an_answer_identifies_its_line_without_a_list():
    """One line under another number: 5 is all items in February 2025."""
    (_, *answers) = by_api(RELEASES[D2025]["SARPP"])
    table = silver_of(answers[4:5], D2025)
    assert set(table["category"].to_pylist()) == {"SARPP:rpp_all_items"}


def test_an_answer_with_an_unlisted_line_is_refused():
    lines, *answers = by_api(RELEASES[D2022]["SARPP"])
    moved = answers[0].body.replace(b'"SARPP-1"', b'"SARPP-6"')
    with pytest.raises(
        ContentError, match="SARPP has no line 6 in its list of lines; expected one of 5"
    ):
        silver_of([lines, Payload(name="odd", body=moved)], D2022)


def test_an_answer_whose_title_differs_from_the_list_is_refused():
    lines, *answers = by_api(RELEASES[D2022]["SARPP"])
    moved = answers[1].body.replace(b'"SARPP-2"', b'"SARPP-1"')
    with pytest.raises(
        ContentError, match="is titled 'RPPs: Goods', which is the title of SARPP:rpp_goods"
    ):
        silver_of([lines, Payload(name="odd", body=moved)], D2022)


@settings(deadline=None, max_examples=80)
@given(
    drawn=sheets(),
    place=st.integers(0, 10_000),
    junk=st.binary(min_size=0, max_size=4),
    drop=st.integers(0, 40),
)
def test_a_damaged_file_is_refused_or_read_as_printed(drawn, place, junk, drop):
    day, whole, _ = drawn
    body = whole.csv()
    place %= len(body)
    payload = Payload(
        name="damaged.csv", body=body[:place] + junk + body[place + drop :], media_type="text/csv"
    )
    try:
        silver_of([payload], day)
    except ContentError as error:
        assert "damaged.csv" in str(error) or "SARPP" in str(error)
