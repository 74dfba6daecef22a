"""Zips and files as people keep them: what is in them decides, and not what they are named."""

import io
import logging
import zipfile
from pathlib import Path
from typing import ClassVar

import pytest

from statpipe.api import ConfigError, ContentError, Environment, Payload
from statpipe_bea.channels import zips
from statpipe_bea.channels.zips import NotAnAnswer, table_files
from statpipe_bea.family import regional_prices
from statpipe_bea.settings import BeaSettings
from statpipe_bea.source import BeaSource
from support.price_releases import PRICES

from .answers import NOTE

OTHER_NOTE = "Last updated: October 8, 2020-- new statistics for 2019."


def table(name="SAPCE1", areas=("06000", "01000"), note=NOTE, figure="1.5"):
    """A small table of BEA's."""
    rows = "".join(
        f' "{fips}","Somewhere",8,{name},2,"..."," Goods ","Millions of current dollars",{figure}\r\n'
        for fips in areas
    )
    return (
        "GeoFIPS,GeoName,Region,TableName,LineCode,IndustryClassification,Description,Unit,2021\r\n"
        f'{rows}"Note: See the included footnote file."\r\n"{note}"\r\n'
    )


def page(name="SAPCE1", note=NOTE, text="A note."):
    return (
        f"<HTML><HEAD><TITLE>{name} Footnotes</TITLE></HEAD><LI>1/&nbsp;{text}</LI>"
        f"<LI> &nbsp;{note}</LI></HTML>"
    )


def zipped(members, name="a.zip"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, body in members.items():
            archive.writestr(member, body)
    return Payload(name=name, body=out.getvalue(), media_type="application/zip")


def found_in(members):
    return [
        (file.table, file.member, len(file.payloads), file.vintage().id)
        for file in table_files(zipped(members))
    ]


WHOLE = "SAPCE1__ALL_AREAS_1997_2021.csv"


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            WHOLE,
            f"SAPCE/{WHOLE}",
            f"2022/autumn/SAPCE/{WHOLE}",
            f"SAPCE\\{WHOLE}",
            WHOLE.upper(),
            WHOLE.lower(),
            "SAPCE1 (1).csv",
            "SAPCE1_1997_2021_ALL_AREAS_.csv",
            "Consumption of states.CSV",
            "SAPCE1_ALL_AREAS_1997_2021.csv",
        ],
    )
    def test_a_table_is_found_under_any_file_name(self, name):
        ((found, _, _, release),) = found_in({name: table()})
        assert (found, release) == ("SAPCE1", "2022-10-06")

    @pytest.mark.parametrize(
        "name", ["../../etc/passwd.csv", "/etc/x.csv", "C:\\x.csv", "\x1b[31m.csv"]
    )
    def test_hostile_member_names_are_harmless(self, name):
        (file,) = table_files(zipped({name: table()}))
        assert set(file.payloads[0].name) <= set("abcdefghijklmnopqrstuvwxyz._-0123456789CX")
        assert file.member.isprintable()
        assert file.payloads[0].request["member"] == file.member

    def test_files_added_by_operating_systems_are_ignored(self):
        junk = {
            f"__MACOSX/SAPCE/._{WHOLE}": b"\0\5\26\7",
            f"SAPCE/._{WHOLE}": b"\0\5\26\7",
            "SAPCE/.DS_Store": b"\0",
            "SAPCE/": b"",
            "SAPCE/Thumbs.db": b"\0",
            "notes.csv": "a,b\r\n1,2\r\n",
            "broken.csv": b"\x81\x8d",
        }
        assert len(found_in({**junk, f"SAPCE/{WHOLE}": table()})) == 1

    def test_a_table_of_another_family_is_ignored(self):
        members = {"SASUMMARY__ALL_AREAS_1998_2022.csv": table("SASUMMARY"), WHOLE: table()}
        assert [one[0] for one in found_in(members)] == ["SAPCE1"]

    def test_a_table_under_its_former_name_is_found_by_its_content(self):
        assert found_in({"x.csv": table("SAEXP3", note=OTHER_NOTE)})[0][0] == "SAPCE3"

    def test_a_bare_file_is_read_by_its_content_and_not_by_its_name(self):
        payload = Payload(name="x.zip", body=table().encode(), media_type="application/zip")
        (file,) = table_files(payload)
        assert (file.table, file.payloads[0].media_type) == ("SAPCE1", "text/csv")


class TestSeveralFilesOfATable:
    def test_the_file_of_all_areas_is_preferred_to_files_of_single_areas(self):
        members = {
            "SAPCE1_AL_1997_2021.csv": table(areas=["01000"]),
            WHOLE: table(),
            "SAPCE1_CA_1997_2021.csv": table(areas=["06000"]),
        }
        assert [one[1] for one in found_in(members)] == [WHOLE]

    def test_bea_s_own_zip_gives_each_table_once(self, bulk):
        payload = Payload(name="SAPCE.zip", body=bulk.read_bytes(), media_type="application/zip")
        assert [f.table for f in table_files(payload)] == ["SAPCE1", "SAPCE2", "SAPCE3", "SAPCE4"]
        assert {len(f.payloads) for f in table_files(payload)} == {2}

    def test_two_different_files_of_a_table_are_refused_by_name(self):
        members = {WHOLE: table(), "old/copy.csv": table(figure="1.6")}
        message = refused(members)
        assert (
            f"'{WHOLE}' and 'old/copy.csv' both contain SAPCE1 (Last updated: October 6" in message
        )
        assert "expected one file per table and release, keep one of them" in message

    def test_two_equal_files_count_once(self):
        assert len(found_in({WHOLE: table(), "SAPCE1 (1).csv": table()})) == 1

    def test_two_releases_are_two_vintages(self):
        members = {f"2020/{WHOLE}": table(note=OTHER_NOTE), f"2022/{WHOLE}": table()}
        assert [one[3] for one in found_in(members)] == ["2020-10-08", "2022-10-06"]

    def test_files_of_single_areas_without_the_whole_table_are_refused(self):
        members = {
            f"SAPCE1_{a}_1997_2021.csv": table(areas=[f])
            for a, f in (("AL", "01000"), ("CA", "06000"))
        }
        assert "2 files contain SAPCE1" in refused(members)
        assert "expected the file for all areas" in refused(members)

    def test_nested_zips_are_read(self):
        members = {
            "old/SAEXP.zip": zipped({"SAEXP1.csv": table("SAEXP1", note=OTHER_NOTE)}).body,
            "SAPCE.ZIP": zipped({WHOLE: table(), "SAPCE1__Footnotes.html": page()}).body,
        }
        assert [(one[1], one[2], one[3]) for one in found_in(members)] == [
            ("old/SAEXP.zip/SAEXP1.csv", 1, "2020-10-08"),
            (f"SAPCE.ZIP/{WHOLE}", 2, "2022-10-06"),
        ]


class TestFootnotes:
    @pytest.mark.parametrize(
        "name", ["SAPCE1__Footnotes.html", "SAPCE1__FOOTNOTES.HTM", "page.html"]
    )
    def test_a_footnote_page_in_the_same_folder_is_found_under_any_name(self, name):
        assert found_in({f"a/{WHOLE}": table(), f"a/{name}": page()})[0][2] == 2

    def test_a_page_of_another_table_or_folder_is_ignored(self):
        members = {f"a/{WHOLE}": table(), "a/x.html": page("SAPCE2"), "b/x.html": page()}
        assert found_in(members)[0][2] == 1

    def test_the_page_of_the_same_release_is_chosen(self):
        members = {WHOLE: table(), "a.html": page(note=OTHER_NOTE), "b.html": page()}
        (file,) = table_files(zipped(members))
        assert file.payloads[1].name == "b.html"

    def test_two_different_pages_of_one_release_are_refused(self):
        members = {WHOLE: table(), "a.html": page(), "b.html": page(text="Another note.")}
        assert "a.html and b.html are both footnotes of SAPCE1" in refused(members)


class TestDamage:
    def test_a_table_without_its_footer_is_refused_as_truncated(self):
        cut = table().partition('"Note')[0]
        (file,) = table_files(zipped({WHOLE: cut}))
        with pytest.raises(ContentError, match="it may have been cut off"):
            file.vintage()

    @pytest.mark.parametrize("body", ["", "GeoFIPS,TableName,Line", b"GeoFIPS\0,TableName"])
    def test_a_damaged_file_named_like_a_table_is_an_error(self, body):
        assert "payload SAPCE1" in refused({WHOLE: body, "SAPCE2__ALL_AREAS.csv": table("SAPCE2")})

    def test_a_footer_far_from_the_end_is_found(self):
        (file,) = table_files(zipped({WHOLE: table() + "\r\n" * 9_000}))
        assert file.vintage().id == "2022-10-06"

    def test_the_total_size_of_members_is_limited(self, monkeypatch):
        monkeypatch.setattr(zips, "_LARGEST_SUM", 1 << 20)
        bomb = {f"{n}.csv": b"," * 400_000 for n in range(4)}
        assert "a.zip: unpacks to more than 1 MiB in all" in refused(bomb)

    def test_the_total_size_is_limited_across_nested_zips(self, monkeypatch):
        monkeypatch.setattr(zips, "_LARGEST_SUM", 1 << 20)
        inner = zipped({f"{n}.csv": b"," * 400_000 for n in range(2)}).body
        assert "1 MiB in all" in refused({"1.zip": inner, "2.zip": inner})

    def test_an_oversized_member_is_refused_by_name(self, monkeypatch):
        monkeypatch.setattr(zips, "_LARGEST_MEMBER", 1 << 20)
        message = refused({"a/x.csv": b"," * (2 << 20)})
        assert "a.zip, member 'a/x.csv': unpacks to more than 1 MiB" in message

    def test_the_number_of_members_is_limited_across_nested_zips(self, monkeypatch):
        monkeypatch.setattr(zips, "_MOST_MEMBERS", 5)
        inner = zipped({f"{n}.txt": "" for n in range(4)}).body
        assert "more than 5 members" in refused({"1.zip": inner, "2.zip": inner})

    def test_deeply_nested_zips_are_not_opened(self):
        body = zipped({WHOLE: table()}).body
        for _ in range(3):
            body = zipped({"x.zip": body}).body
        payload = Payload(name="a.zip", body=body, media_type="application/zip")
        with pytest.raises(NotAnAnswer, match="contains none of SAPCE1"):
            table_files(payload)


class TestWhatIsNoAnswer:
    """Bronze is for good: it keeps what BEA may have sent."""

    ANSWERS: ClassVar = {
        "a.zip": b"PK\x03\x04 damaged",
        "b.zip": zipped({WHOLE: table()}).body[:-30],
        "c.csv": b"GeoFIPS,TableName\r\n",
        "d.csv": table().encode()[:60],
        "e.zip": b"<html>U.S. Bureau of Economic Analysis: not available</html>",
        "f.zip": b"\x00\x01\x02 the start of the zip is lost \x00",
    }
    OTHERS: ClassVar = {
        "README.md": b"# A project\n",
        "b.csv": b"date,amount\r\n2021-01-01,1\r\n",
        "c.zip": zipped({"photo.jpg": b"\xff\xd8"}).body,
        "d.zip": b"",
        "e.csv": b"PNG \x00\x01",
        "f.zip": b"just a text",
    }

    @pytest.mark.parametrize("name", ANSWERS)
    def test_a_file_that_may_be_from_bea_is_kept(self, name):
        with pytest.raises(ContentError) as caught:
            [f.vintage() for f in table_files(Payload(name=name, body=self.ANSWERS[name]))]
        assert caught.value.payload is not None
        assert not isinstance(caught.value, NotAnAnswer)

    @pytest.mark.parametrize("name", OTHERS)
    def test_a_file_that_cannot_be_from_bea_is_not_kept(self, name):
        with pytest.raises(NotAnAnswer) as caught:
            table_files(Payload(name=name, body=self.OTHERS[name]))
        assert caught.value.payload is None

    def test_a_wrong_file_named_in_the_command_is_a_config_error(self, tmp_path):
        (tmp_path / "README.md").write_bytes(b"# A project\n")
        source = source_of(tmp_path).archive([str(tmp_path / "README.md")])
        with pytest.raises(
            ConfigError, match=r"README\.md contains none of SAPCE1, .*; name BEA's zip"
        ):
            source.vintages(source.datasets()[0])

    def test_a_wrong_file_in_a_folder_is_skipped_with_a_warning(self, tmp_path, caplog):
        (tmp_path / "budget.csv").write_bytes(b"date,amount\r\n")
        (tmp_path / "SARPP.zip").write_bytes(PRICES.read_bytes())
        (tmp_path / "SAPCE1.csv").write_text(table(), newline="")
        source = source_of(tmp_path).archive([str(tmp_path)])
        with caplog.at_level(logging.WARNING):
            found = [v.id for v in source.vintages(source.datasets()[0])]
        assert (found, list(source.unreadable())) == (["2022-10-06"], [])
        assert "budget.csv was skipped: payload budget.csv: contains none of SAPCE1" in caplog.text
        assert "SARPP.zip was skipped" in caplog.text


class TestFolders:
    def test_an_unpacked_zip_is_read_like_the_zip(self, tmp_path):
        for name, areas in ((WHOLE, ["01000", "06000"]), ("SAPCE1_AL_1997_2021.csv", ["01000"])):
            (tmp_path / name).write_text(table(areas=areas), newline="")
        source = source_of(tmp_path).archive([str(tmp_path)])
        dataset = source.datasets()[0]
        (vintage,) = source.vintages(dataset)
        (payload,) = source.fetch(dataset, vintage)
        assert payload.name == WHOLE
        assert list(source.unreadable()) == []

    def test_different_files_of_a_table_are_skipped_and_the_rest_is_read(self, tmp_path):
        (tmp_path / "a.csv").write_text(table(), newline="")
        (tmp_path / "b.csv").write_text(table(figure="1.6"), newline="")
        (tmp_path / "c.zip").write_bytes(zipped({WHOLE: table(note=OTHER_NOTE)}).body)
        source = source_of(tmp_path).archive([str(tmp_path)])
        assert [v.id for v in source.vintages(source.datasets()[0])] == ["2020-10-08"]
        (error,) = source.unreadable()
        assert "both contain SAPCE1" in str(error)


def test_a_zip_of_the_price_tables_is_read_by_content():
    payload = Payload(name="p.zip", body=PRICES.read_bytes(), media_type="application/zip")
    assert [f.table for f in table_files(payload, regional_prices())] == [
        "SAIRPD",
        "SARPI",
        "SARPP",
    ]


def refused(members):
    with pytest.raises(ContentError) as caught:
        [file.vintage() for file in table_files(zipped(members))]
    return str(caught.value)


def source_of(home: Path, **settings):
    environment = Environment(name="local", home=home, embedded=True)
    return BeaSource(BeaSettings(**{"environment": environment, **settings}))
