"""BEA adds a line or an area: the rest is read, and what is new is named as BEA prints it."""

import attrs
import pytest

from statpipe.api import ContentError, Payload, Selection
from statpipe.domain.new_codes import NewCode, without_new_codes
from statpipe.domain.other_parents import OtherParent, other_parents
from statpipe.domain.seal import seal
from statpipe_bea import price_tables, tables
from statpipe_bea.line_lists import METHOD
from statpipe_bea.normalizer import RegionalNormalizer
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
    """Normalize as the engine does: what is known, sealed, and what is new."""
    payloads = [
        body
        if isinstance(body, Payload)
        else Payload(name="p1", body=body.encode(), media_type="text/csv")
        for body in bodies
    ]
    table = RegionalNormalizer(**settings).normalize(dataset, payloads)
    known, new = without_new_codes(table, dataset)
    return seal(known, dataset, "v"), new


def refused(*bodies, **settings):
    with pytest.raises(ContentError) as caught:
        read(*bodies, **settings)
    return str(caught.value)


class TestFiles:
    def test_a_new_line_is_named_by_its_title_and_the_rest_is_as_without_it(self):
        silver, new = read(csv(GOODS, CANNABIS))
        assert new == (NewCode(column="category", code="SAPCE1:25", name="Cannabis 1/"),)
        assert silver.equals(read(csv(GOODS))[0])

    def test_a_new_area_is_named_as_it_is_printed_and_the_rest_is_as_without_it(self):
        silver, new = read(csv(GOODS, PUERTO_RICO))
        assert new == (NewCode(column="ref_area", code="72000", name="Puerto Rico *"),)
        assert silver.equals(read(csv(GOODS))[0])

    def test_both_at_once_are_both_named(self):
        _, new = read(csv(GOODS, CANNABIS, PUERTO_RICO))
        assert [one.code for one in new] == ["SAPCE1:25", "72000"]

    def test_a_new_line_in_a_new_unit_is_still_just_new(self):
        _, new = read(csv(GOODS, (*CANNABIS[:4], "Index", "7")))
        assert [one.code for one in new] == ["SAPCE1:25"]

    def test_what_was_not_asked_for_is_not_reported(self):
        chosen = attrs.evolve(
            DATASET, selection=Selection(areas=["CA"], categories=["SAPCE1:2"], periods=["2021"])
        )
        silver, new = read(csv(GOODS, CANNABIS, PUERTO_RICO), dataset=chosen)
        assert (len(silver), new) == (1, ())

    def test_a_selection_of_years_or_areas_still_reports_a_new_line(self):
        chosen = attrs.evolve(DATASET, selection=Selection(areas=["CA"], periods=["2021"]))
        _, new = read(csv(GOODS, CANNABIS, PUERTO_RICO), dataset=chosen)
        assert [one.code for one in new] == ["SAPCE1:25"]

    def test_a_file_of_nothing_but_new_codes_is_refused(self):
        assert "none of its rows has codes that are listed" in refused(csv(CANNABIS))

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

    def test_a_new_line_of_two_titles_is_refused(self):
        other = (*CANNABIS[:3], "Hemp", *CANNABIS[4:])
        assert "SAPCE1:25 is titled 'Hemp' and elsewhere 'Cannabis 1/'" in refused(
            csv(GOODS, CANNABIS, ("01000", "Alabama", *other[2:]))
        )

    def test_a_new_line_of_a_price_table_waits_and_the_others_keep_their_categories(self):
        dataset = price_tables.dataset("SARPP")
        sheet = first_release()["SARPP"]
        more = attrs_line(sheet.lines[0], "RPPs: Services: Education")
        wanted, nothing = read(sheet.csv().decode(), dataset=dataset)
        for lines in ([*sheet.lines, more], [more, *sheet.lines]):
            silver, new = read(sheet.with_lines(lines).csv().decode(), dataset=dataset)
            number = lines.index(more) + 1
            assert new == (
                NewCode(
                    column="category", code=f"SARPP:{number}", name="RPPs: Services: Education"
                ),
            )
            assert silver.equals(wanted)
        assert nothing == ()


class TestRegions:
    """BEA's files say in which region each state is."""

    def others(self, body):
        payload = Payload(name="p1", body=body.encode(), media_type="text/csv")
        return other_parents(RegionalNormalizer().normalize(DATASET, [payload]), DATASET)

    def test_a_state_that_changes_its_region_is_named_and_its_figures_are_the_same(self):
        moved = csv(GOODS).replace(",8,", ",7,")
        assert self.others(moved) == (OtherParent(area="CA", listed="FWST", printed="RKMT"),)
        assert read(moved)[0].equals(read(csv(GOODS))[0])

    def test_a_region_that_is_not_on_record_is_named_by_its_number(self):
        assert self.others(csv(GOODS).replace(",8,", ",9,"))[0].printed == "9"

    @pytest.mark.parametrize("printed", [",8,", ", 8 ,", ', "8",', ",,", ", ,"])
    def test_the_region_on_record_or_none_says_nothing(self, printed):
        assert self.others(csv(GOODS).replace(",8,", printed)) == ()

    def test_a_table_without_regions_has_none_to_contradict(self):
        dataset = price_tables.dataset("SARPP")
        payload = Payload(name="p1", body=first_release()["SARPP"].csv(), media_type="text/csv")
        assert other_parents(RegionalNormalizer().normalize(dataset, [payload]), dataset) == ()

    def test_the_country_and_new_areas_have_no_region_on_record(self):
        country = ("00000", "United States", *GOODS[2:])
        assert self.others(csv(country, PUERTO_RICO, GOODS)) == ()


def attrs_line(line, title):
    from dataclasses import replace

    return replace(line, title=title)


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

    def test_a_new_line_is_named_by_the_list_of_lines(self):
        silver, new = read(self.LIST, *self.answers())
        assert new == (NewCode(column="category", code="SAPCE1:25", name="Services: Cannabis"),)
        assert silver.equals(read(self.LIST, self.answers()[0])[0])

    def test_a_new_area_is_named_as_the_rows_name_it(self):
        silver, new = read(
            self.LIST, self.answers(row(GeoFips="72000", GeoName="Puerto Rico *"))[0]
        )
        assert new == (NewCode(column="ref_area", code="72000", name="Puerto Rico *"),)
        assert len(silver) == 1

    def test_a_line_that_no_list_names_is_refused(self):
        assert "category 'SAPCE1:25' is not in the dataset's code list" in refused(*self.answers())
        other = Payload(name="x", body=body_of(answer([row(Code="SAPCE1-26")])))
        assert "SAPCE1 has no line 26 in its list of lines" in refused(self.LIST, other)

    def test_one_payload_alone_can_be_read_to_find_a_cell(self):
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

    def test_another_spelling_says_how_to_accept_it_and_is_then_accepted(self):
        assert refused(csv(self.SPELT)).endswith(
            "SAPCE1:2 is in 'Millions of dollars (current)'; expected 'Millions of current dollars'. If it is "
            "the same unit in another spelling, accept it in statpipe.toml: "
            '[normalizers.bea_regional.units] "Millions of dollars (current)" = "Millions of current dollars"'
        )
        units = {"Millions of dollars (current)": UNIT}
        silver, _ = read(csv(self.SPELT), units=units)
        assert silver.equals(read(csv(GOODS))[0])

    @pytest.mark.parametrize(
        "unit", ["Thousands of current dollars", "Index", "Millions of chained 2012 dollars"]
    )
    def test_another_scale_kind_or_base_year_is_not_offered_and_not_accepted(self, unit):
        body = csv((*GOODS[:4], unit, "1.5"))
        for units in ({}, {unit: UNIT}):
            message = refused(body, units=units)
            assert message.endswith("the line has changed its meaning")

    def test_answers_accept_the_same_spelling(self):
        spelt = Payload(name="a", body=body_of(answer([row(CL_UNIT="Millions of dollars")])))
        assert '[normalizers.bea_regional.units] "Millions of dollars"' in refused(spelt)
        assert len(read(spelt, units={"Millions of dollars": UNIT})[0]) == 1
        scaled = Payload(
            name="a", body=body_of(answer([row(CL_UNIT="Millions of dollars", UNIT_MULT="3")]))
        )
        assert "times 10^3" in refused(scaled, units={"Millions of dollars": UNIT})

    def test_a_price_table_accepts_a_spelling(self):
        dataset = price_tables.dataset("SARPI")
        body = first_release()["SARPI"].csv().decode()
        spelt = body.replace("Constant 2012 dollars", "Dollars, constant 2012")
        assert "[normalizers.bea_regional.units]" in refused(spelt, dataset=dataset)
        silver, _ = read(
            spelt, dataset=dataset, units={"Dollars, constant 2012": "Constant 2012 dollars"}
        )
        assert silver.equals(read(body, dataset=dataset)[0])


class TestSwappedTitles:
    def test_a_title_of_another_line_says_whose_it_is_and_is_not_offered_for_acceptance(self):
        services = (*GOODS[:3], " Services ", *GOODS[4:])
        message = refused(csv(services))
        assert message == (
            "payload p1, line 2: SAPCE1:2 is titled 'Services', which is the title of SAPCE1:13; expected "
            "'Goods'. BEA has renumbered its lines, or two of them are swapped: statpipe-bea must learn the "
            "new numbers"
        )

    def test_so_it_is_in_answers_and_lists_of_lines(self):
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

    def test_a_title_of_nobody_is_offered_for_acceptance(self):
        message = refused(csv((*GOODS[:3], "Merchandise", *GOODS[4:])))
        assert '[normalizers.bea_regional.titles] "SAPCE1:2" = "<the new title>"' in message
