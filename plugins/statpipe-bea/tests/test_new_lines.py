"""New lines and areas of BEA are read as printed, under codes that mean nothing else."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import attrs
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from statpipe.api import Category, ContentError, Payload, Selection
from statpipe.domain.new_codes import NewCode, with_new_codes
from statpipe.domain.other_parents import OtherParent, other_parents
from statpipe.domain.seal import seal
from statpipe_bea import answers, crosswalk, price_tables, tables
from statpipe_bea.line_lists import METHOD
from statpipe_bea.normalizer import RegionalNormalizer
from support.bea_layouts import layout_of_2017
from support.price_releases import first_release

from .answers import NOTE, answer, body_of, line_list, row

DATASET = tables.dataset("SAPCE1")
UNIT = "Millions of current dollars"


def csv(*rows, table="SAPCE1"):
    lines = [
        f' "{fips}","{name}",8,{table},{line},"...","{title}","{unit}",{figure}'
        for fips, name, line, title, unit, figure in rows
    ]
    header = (
        "GeoFIPS,GeoName,Region,TableName,LineCode,IndustryClassification,Description,Unit,2021"
    )
    return "\r\n".join([header, *lines, '"Note: x"', f'"{NOTE}"', ""])


GOODS = ("06000", "California", 2, " Goods ", UNIT, "1.5")
CANNABIS = ("06000", "California", 25, "  Cannabis 1/ ", UNIT, "2.5")
PUERTO_RICO = ("72000", "Puerto Rico *", 2, " Goods ", UNIT, "3.5")


def read(*bodies, dataset=DATASET, **settings):
    """Seal as the engine does: described, normalized, and with what is new."""
    payloads = [
        body
        if isinstance(body, Payload)
        else Payload(name="p1", body=body.encode(), media_type="text/csv")
        for body in bodies
    ]
    normalizer = RegionalNormalizer(**settings)
    described = normalizer.describe(dataset, payloads)
    table = normalizer.normalize(described, payloads)
    described, new = with_new_codes(table, described)
    return seal(table, described, "v"), new


def without(silver, *new):
    """What is left of Silver without the rows of new codes."""
    codes = pa.array([one.code for one in new])
    odd = pc.or_(
        pc.is_in(silver["category"].cast(pa.string()), codes),
        pc.is_in(silver["ref_area"].cast(pa.string()), codes),
    )
    return silver.filter(pc.invert(odd)).to_pylist()


def rows_of(silver, code):
    rows = silver.to_pylist()
    return [row for row in rows if code in {row["category"], row["ref_area"]}]


def refused(*bodies, **settings):
    with pytest.raises(ContentError) as caught:
        read(*bodies, **settings)
    return str(caught.value)


class TestFiles:
    def test_a_new_line_is_read_as_printed_and_changes_nothing_else(self):
        silver, new = read(csv(GOODS, CANNABIS))
        assert new == (NewCode(column="category", code="SAPCE1:25", name="Cannabis 1/"),)
        assert without(silver, *new) == read(csv(GOODS))[0].to_pylist()
        (row,) = rows_of(silver, "SAPCE1:25")
        assert (row["ref_area"], row["time_period"]) == ("CA", "2021")
        assert row["obs_value"] == Decimal("2.5")
        assert (row["category_name"], row["parent_category"]) == ("Cannabis 1/", None)
        assert (row["unit_measure"], row["unit_mult"], row["sign"]) == (UNIT, 6, 1)

    def test_a_new_area_is_read_as_printed_and_changes_nothing_else(self):
        silver, new = read(csv(GOODS, PUERTO_RICO))
        assert new == (NewCode(column="ref_area", code="72000", name="Puerto Rico *"),)
        assert without(silver, *new) == read(csv(GOODS))[0].to_pylist()
        (row,) = rows_of(silver, "72000")
        assert (row["geo_fips"], row["geo_name"]) == ("72000", "Puerto Rico *")
        assert (row["category"], row["obs_value"]) == ("SAPCE1:2", Decimal("3.5"))

    def test_a_new_line_and_a_new_area_are_both_named(self):
        _, new = read(csv(GOODS, CANNABIS, PUERTO_RICO))
        assert [one.code for one in new] == ["SAPCE1:25", "72000"]

    @pytest.mark.parametrize(
        ("printed", "unit", "mult"),
        [
            ("Index", "Index", 0),
            ("thousands of tons", "thousands of tons", 3),
            ("Millions of current Dollar", UNIT, 6),
            ("Billions of chained 2017 dollars", "Billions of chained 2017 dollars", 9),
        ],
    )
    def test_a_new_line_has_its_printed_unit(self, printed, unit, mult):
        silver, new = read(csv(GOODS, (*CANNABIS[:4], printed, "7")))
        assert [one.code for one in new] == ["SAPCE1:25"]
        (row,) = rows_of(silver, "SAPCE1:25")
        assert (row["unit_measure"], row["unit_mult"]) == (unit, mult)
        assert without(silver, *new) == read(csv(GOODS))[0].to_pylist()

    def test_a_new_line_has_the_unit_that_the_table_implies(self):
        component = "Total personal consumption expenditures (PCE) by state"
        line = f'6000,California,8,1,{component},25,...,"Cannabis",2.5\n'
        head, _, rest = layout_of_2017("2018").decode().partition("\n")
        silver, _ = read(f"{head}\n{line}{rest}")
        (row,) = rows_of(silver, "SAPCE1:25")
        assert (row["unit_measure"], row["unit_mult"]) == (UNIT, 6)

    def test_unselected_new_codes_are_not_reported(self):
        chosen = attrs.evolve(
            DATASET, selection=Selection(areas=["CA"], categories=["SAPCE1:2"], periods=["2021"])
        )
        silver, new = read(csv(GOODS, CANNABIS, PUERTO_RICO), dataset=chosen)
        assert (len(silver), new) == (1, ())

    def test_a_selection_of_years_or_areas_still_reports_a_new_line(self):
        chosen = attrs.evolve(DATASET, selection=Selection(areas=["CA"], periods=["2021"]))
        _, new = read(csv(GOODS, CANNABIS, PUERTO_RICO), dataset=chosen)
        assert [one.code for one in new] == ["SAPCE1:25"]

    def test_a_file_with_only_new_codes_is_refused(self):
        assert "none of its rows has codes from the code lists" in refused(csv(CANNABIS))

    def test_a_new_area_without_a_name_is_refused(self):
        body = (
            csv(GOODS, PUERTO_RICO)
            .replace("GeoName", "Region", 1)
            .replace("Region,Region", "Region,x")
        )
        body = body.replace(",x,", ",GeoName,")
        assert "ref_area '72000' is not in the dataset's code list" in refused(
            csv(GOODS, (*PUERTO_RICO[:1], "", *PUERTO_RICO[2:]))
        )

    def test_a_new_line_with_two_titles_is_refused(self):
        other = (*CANNABIS[:3], "Hemp", *CANNABIS[4:])
        assert "SAPCE1:25 is titled 'Hemp' and elsewhere 'Cannabis 1/'" in refused(
            csv(GOODS, CANNABIS, ("01000", "Alabama", *other[2:]))
        )

    def test_a_new_line_with_two_units_is_refused(self):
        other = ("01000", "Alabama", 25, "Cannabis 1/", "Index", "7")
        assert "SAPCE1:25 is in 'Index times 10^0' and elsewhere" in refused(
            csv(GOODS, CANNABIS, other)
        )


EDUCATION = "SARPP:new_rpp_service_education_index"


class TestPriceTables:
    """Their lines are known by title and unit, and so is a new one."""

    DATASET = price_tables.dataset("SARPP")

    def read(self, lines, **settings):
        return read(first_release()["SARPP"].with_lines(lines).csv().decode(), **settings)

    @pytest.fixture
    def lines(self):
        return list(first_release()["SARPP"].lines)

    @pytest.fixture
    def more(self, lines):
        return replace(lines[0], title="RPPs: Services: Education")

    def test_the_code_of_a_new_line_depends_on_title_and_unit_only(self, lines, more):
        wanted, nothing = self.read(lines, dataset=self.DATASET)
        assert nothing == ()
        tables = []
        for order in ([*lines, more], [more, *lines]):
            silver, new = self.read(order, dataset=self.DATASET)
            named = "RPPs: Services: Education"
            assert new == (NewCode(column="category", code=EDUCATION, name=named),)
            assert without(silver, *new) == wanted.to_pylist()
            tables.append(rows_of(silver, EDUCATION))
        assert tables[0] == tables[1]
        assert len(tables[0]) == 52 * 14
        assert {(r["unit_measure"], r["unit_mult"]) for r in tables[0]} == {("Index", 0)}

    def test_a_known_title_in_another_unit_gets_another_code(self, lines):
        more = replace(lines[0], unit="Percent")
        _, new = self.read([*lines, more], dataset=self.DATASET)
        assert [one.code for one in new] == ["SARPP:new_rpp_all_item_percent"]

    def test_a_new_code_never_equals_a_recorded_one(self):
        for table in price_tables.TITLES:
            codes = [one.code for one in price_tables.categories(table)]
            assert not any(code.startswith(f"{table}:new_") for code in codes)

    def test_two_new_lines_with_one_title_and_unit_are_refused(self, lines, more):
        sheet = first_release()["SARPP"].with_lines([*lines, more, more])
        assert "lines 6 and 7 of SARPP are both 'RPPs: Services: Education'" in refused(
            sheet.csv().decode(), dataset=self.DATASET
        )

    def test_a_new_line_is_rebuilt_unchanged_from_bronze(self, lines, more):
        """The vintage's selection names the categories that the release brought."""
        silver, _ = self.read([*lines, more], dataset=self.DATASET)
        held = Selection(categories=set(silver["category"].to_pylist()))
        again, _ = self.read([*lines, more], dataset=attrs.evolve(self.DATASET, selection=held))
        assert again.equals(silver)

    def test_a_vintage_of_an_older_version_gets_the_new_line_when_rebuilt(self, lines, more):
        """Its selection names what was on record, and the figures have waited in Bronze."""
        known, _ = self.read(lines, dataset=self.DATASET)
        held = Selection(categories=set(known["category"].to_pylist()))
        dataset = attrs.evolve(self.DATASET, selection=held)
        silver, new = self.read([*lines, more], dataset=dataset)
        assert [one.code for one in new] == [EDUCATION]
        assert len(rows_of(silver, EDUCATION)) == 52 * 14

    def test_a_selection_of_one_line_gives_one_line(self, lines, more):
        one = Selection(categories=["SARPP:rpp_goods"])
        dataset = attrs.evolve(self.DATASET, selection=one)
        silver, new = self.read([*lines, more], dataset=dataset)
        assert new == ()
        assert set(silver["category"].to_pylist()) == {"SARPP:rpp_goods"}

    def test_a_recorded_line_replaces_the_new_code_in_older_vintages(
        self, lines, more, monkeypatch
    ):
        silver, _ = self.read([*lines, more], dataset=self.DATASET)
        held = Selection(categories=set(silver["category"].to_pylist()))
        known = crosswalk.recorded("SARPP")
        learned = crosswalk.Recorded(
            table="SARPP",
            since=date(2022, 12, 15),
            line="6",
            title="RPPs: Services: Education",
            unit="Index",
            category="SARPP:rpp_education",
        )
        monkeypatch.setattr(
            crosswalk, "recorded", lambda table: (*known, learned) if table == "SARPP" else ()
        )
        crosswalk._layouts.cache_clear()
        category = Category(
            code="SARPP:rpp_education", name="RPPs: Services: Education", unit_measure="Index"
        )
        dataset = attrs.evolve(
            self.DATASET, selection=held, categories=(*self.DATASET.categories, category)
        )
        again, new = self.read([*lines, more], dataset=dataset)
        crosswalk._layouts.cache_clear()
        assert new == ()
        values = [row["obs_value"] for row in rows_of(silver, EDUCATION)]
        assert [row["obs_value"] for row in rows_of(again, "SARPP:rpp_education")] == values


class TestRegions:
    """BEA's files say in which region each state is."""

    def others(self, body):
        payload = Payload(name="p1", body=body.encode(), media_type="text/csv")
        return other_parents(RegionalNormalizer().normalize(DATASET, [payload]), DATASET)

    def test_a_state_that_changes_its_region_is_named_and_its_figures_are_the_same(self):
        moved = csv(GOODS).replace(",8,", ",7,")
        assert self.others(moved) == (OtherParent(area="CA", listed="FWST", printed="RKMT"),)
        assert read(moved)[0].equals(read(csv(GOODS))[0])

    def test_an_unknown_region_is_named_by_its_number(self):
        assert self.others(csv(GOODS).replace(",8,", ",9,"))[0].printed == "9"

    @pytest.mark.parametrize("printed", [",8,", ", 8 ,", ', "8",', ",,", ", ,"])
    def test_the_recorded_region_or_none_is_not_reported(self, printed):
        assert self.others(csv(GOODS).replace(",8,", printed)) == ()

    def test_a_table_without_regions_is_not_compared(self):
        dataset = price_tables.dataset("SARPP")
        payload = Payload(name="p1", body=first_release()["SARPP"].csv(), media_type="text/csv")
        assert other_parents(RegionalNormalizer().normalize(dataset, [payload]), dataset) == ()

    def test_the_country_and_new_areas_have_no_recorded_region(self):
        country = ("00000", "United States", *GOODS[2:])
        assert self.others(csv(country, PUERTO_RICO, GOODS)) == ()


class TestAnswers:
    LIST = Payload(
        name="lines",
        body=body_of(line_list({"2": "[SAPCE1] Goods", "25": "[SAPCE1] Services: Cannabis"})),
        request={"method": METHOD},
    )

    def answers(self, *rows):
        first = Payload(name="line-2", body=body_of(answer([row(), *rows])))
        new = answer([row(Code="SAPCE1-25", DataValue="2.5")], Statistic="Services: Cannabis")
        return first, Payload(name="line-25", body=body_of(new))

    def test_a_new_line_has_the_title_of_the_list_and_the_unit_of_its_rows(self):
        silver, new = read(self.LIST, *self.answers())
        assert new == (NewCode(column="category", code="SAPCE1:25", name="Services: Cannabis"),)
        assert without(silver, *new) == read(self.LIST, self.answers()[0])[0].to_pylist()
        (row,) = rows_of(silver, "SAPCE1:25")
        assert (row["obs_value"], row["unit_measure"], row["unit_mult"]) == (
            Decimal("2.5"),
            UNIT,
            6,
        )

    def test_a_new_line_has_its_printed_power_of_ten(self):
        new = answer(
            [row(Code="SAPCE1-25", CL_UNIT="Dollars", UNIT_MULT="3")], Statistic="Cannabis"
        )
        silver, _ = read(self.LIST, self.answers()[0], Payload(name="line-25", body=body_of(new)))
        assert rows_of(silver, "SAPCE1:25")[0]["unit_mult"] == 3

    def test_an_invalid_power_of_ten_is_refused(self):
        new = answer([row(Code="SAPCE1-25", UNIT_MULT="many")], Statistic="Cannabis")
        message = refused(self.LIST, self.answers()[0], Payload(name="l", body=body_of(new)))
        assert message == "payload l, Data[0]: UNIT_MULT 'many'; expected a power of ten such as 6"

    def test_a_list_of_lines_is_recognized_by_its_mark_or_its_request(self):
        """Lakes of an older version hold lists without the mark."""
        silver, _ = read(self.LIST, *self.answers())
        for structure, request in ((True, {}), (True, self.LIST.request)):
            marked = attrs.evolve(self.LIST, structure=structure, request=request)
            assert read(marked, *self.answers())[0].equals(silver)

    def test_a_new_area_has_the_name_in_its_rows(self):
        silver, new = read(
            self.LIST, self.answers(row(GeoFips="72000", GeoName="Puerto Rico *"))[0]
        )
        assert new == (NewCode(column="ref_area", code="72000", name="Puerto Rico *"),)
        assert len(silver) == 2

    def test_new_codes_in_some_answers_do_not_rename_the_others(self, monkeypatch):
        """Long tables are read a few megabytes at a time."""
        monkeypatch.setattr(answers, "_BATCH_BYTES", 1)
        of_area = answer([row(GeoFips="72000", GeoName="Puerto Rico"), row(GeoFips="01000")])
        odd = Payload(name="area", body=body_of(of_area))
        silver, new = read(self.LIST, odd, *self.answers())
        assert [one.code for one in new] == ["SAPCE1:25", "72000"]
        names = {(r["category_name"], r["geo_name"]) for r in silver.to_pylist()}
        assert names == {
            ("Goods", "Alabama"),
            ("Goods", "California"),
            ("Goods", "Puerto Rico"),
            ("Services: Cannabis", "California"),
        }

    def test_an_unlisted_line_is_refused(self):
        assert "category 'SAPCE1:25' is not in the dataset's code list" in refused(*self.answers())
        other = Payload(name="x", body=body_of(answer([row(Code="SAPCE1-26")])))
        assert "SAPCE1 has no line 26 in its list of lines" in refused(self.LIST, other)

    def test_a_single_payload_can_be_searched_for_a_cell(self):
        """As ``statpipe explain`` does: rows of new lines are there, under codes that nobody asks for."""
        both = Payload(
            name="area", body=body_of(answer([row(), row(Code="SAPCE1-25")], Statistic="x"))
        )
        table = RegionalNormalizer().normalize(DATASET, [both])
        assert table["category"].to_pylist() == ["SAPCE1:2", "SAPCE1:25"]


class TestUnits:
    SPELT = (*GOODS[:4], "Millions of dollars (current)", "1.5")

    @pytest.mark.parametrize(
        "unit", ["millions of current dollars", "Millions of  current Dollar "]
    )
    def test_case_blanks_and_plural_do_not_matter(self, unit):
        silver, _ = read(csv((*GOODS[:4], unit, "1.5")))
        assert silver.equals(read(csv(GOODS))[0])

    def test_a_new_spelling_is_refused_with_a_remedy_and_then_accepted(self):
        assert refused(csv(self.SPELT)).endswith(
            "SAPCE1:2 is in 'Millions of dollars (current)'; expected 'Millions of current dollars'. If it is "
            "the same unit with another spelling, accept it in statpipe.toml: "
            '[normalizers.bea_regional.units] "Millions of dollars (current)" = "Millions of current dollars"'
        )
        units = {"Millions of dollars (current)": UNIT}
        silver, _ = read(csv(self.SPELT), units=units)
        assert silver.equals(read(csv(GOODS))[0])

    @pytest.mark.parametrize(
        "unit", ["Thousands of current dollars", "Index", "Millions of chained 2012 dollars"]
    )
    def test_another_scale_kind_or_base_year_cannot_be_accepted(self, unit):
        body = csv((*GOODS[:4], unit, "1.5"))
        for units in ({}, {unit: UNIT}):
            message = refused(body, units=units)
            assert message.endswith("the line has changed")

    def test_an_accepted_spelling_is_accepted_in_answers(self):
        spelt = Payload(name="a", body=body_of(answer([row(CL_UNIT="Millions of dollars")])))
        assert '[normalizers.bea_regional.units] "Millions of dollars"' in refused(spelt)
        assert len(read(spelt, units={"Millions of dollars": UNIT})[0]) == 1
        scaled = Payload(
            name="a", body=body_of(answer([row(CL_UNIT="Millions of dollars", UNIT_MULT="3")]))
        )
        assert "times 10^3" in refused(scaled, units={"Millions of dollars": UNIT})

    def test_an_accepted_spelling_is_accepted_in_price_tables(self):
        dataset = price_tables.dataset("SARPI")
        body = first_release()["SARPI"].csv().decode()
        spelt = body.replace("Constant 2012 dollars", "Dollars, constant 2012")
        assert "[normalizers.bea_regional.units]" in refused(spelt, dataset=dataset)
        silver, _ = read(
            spelt, dataset=dataset, units={"Dollars, constant 2012": "Constant 2012 dollars"}
        )
        assert silver.equals(read(body, dataset=dataset)[0])


class TestSwappedTitles:
    def test_the_title_of_another_line_cannot_be_accepted(self):
        services = (*GOODS[:3], " Services ", *GOODS[4:])
        message = refused(csv(services))
        assert message == (
            "payload p1, line 2: SAPCE1:2 is titled 'Services', which is the title of "
            "SAPCE1:13; expected 'Goods'. BEA has renumbered or swapped its lines: statpipe-bea "
            "needs an update"
        )

    def test_the_title_of_another_line_is_refused_in_answers_and_lists(self):
        wrong = Payload(name="a", body=body_of(answer([row()], Statistic="PCE: Durable goods")))
        assert "which is the title of SAPCE1:3" in refused(wrong)
        titles = Payload(
            name="lines",
            body=body_of(line_list({"2": "[SAPCE1] Services"})),
            request={"method": METHOD},
        )
        good = Payload(name="a", body=body_of(answer([row()])))
        assert (
            "payload lines: SAPCE1:2 is titled '[SAPCE1] Services', which is the title of SAPCE1:13"
            in (refused(titles, good))
        )

    def test_a_list_is_refused_before_any_figure_is_read(self):
        normalizer, figures = RegionalNormalizer(), Payload(name="a", body=b"no figures")
        body = body_of(line_list({"2": "[SAPCE1] Services"}))
        titles = Payload(name="lines", body=body, structure=True)
        with pytest.raises(ContentError, match="payload lines: SAPCE1:2 is titled"):
            normalizer.describe(DATASET, [titles, figures])
        prices = price_tables.dataset("SARPP")
        assert normalizer.describe(DATASET, [figures]) is DATASET
        assert normalizer.describe(prices, [titles, figures]) is prices

    def test_a_new_title_can_be_accepted(self):
        message = refused(csv((*GOODS[:3], "Merchandise", *GOODS[4:])))
        assert '[normalizers.bea_regional.titles] "SAPCE1:2" = "<the new title>"' in message
