"""The revision report, as a terminal and as Markdown show it."""

from datetime import UTC, date, datetime

import attrs
import pytest

from statpipe.api import CheckResult, ConfigError, Manifest, VintageRecord
from statpipe.cli.report import print_summary
from statpipe.cli.revisions import as_markdown, print_revisions, write_markdown
from statpipe.domain.revision import Movement, Revision

MOVED = Movement(compared=100, revised=3, median_percent=1.5, p95_percent=9.0, largest_percent=10.0)
REVISION = Revision(
    dataset="T",
    vintage="2022-10-06",
    since="2021-10-08",
    cells=102,
    added=2,
    dropped=0,
    overall=MOVED,
    by_area={"CA": attrs.evolve(MOVED, compared=50), "NY": Movement(compared=50, revised=1)},
    largest=(
        {
            "ref_area": "CA",
            "category": "T:1",
            "category_name": "Food | drink\n<b>and</b> more",
            "time_period": "2020",
            "old": "100",
            "new": "110",
            "percent": 10.0,
        },
        {
            "ref_area": "NY",
            "category": "T:1",
            "category_name": "Food",
            "time_period": "2020",
            "old": "100",
            "new": "(D)",
            "percent": None,
        },
    ),
)


def manifest(*revisions, **more):
    moment = datetime(2022, 10, 7, tzinfo=UTC)
    return Manifest(
        run_id="r1",
        source="tea",
        environment="local",
        command="run",
        started=moment,
        finished=moment,
        outcome="loaded",
        exit_code=0,
        vintages=tuple(
            VintageRecord(
                dataset="T", vintage="2022-10-06", note="", outcome="loaded", revision=revision
            )
            for revision in revisions
        ),
        **more,
    )


def test_markdown_has_tables_of_areas_and_largest_revisions():
    assert as_markdown(manifest(REVISION)).splitlines() == [
        "# Revisions: tea, run r1",
        "",
        "## T 2022-10-06",
        "",
        (
            "T 2022-10-06 since 2021-10-08: 2 cells added, 3 of 100 revised (median 1.50 %, 95th "
            "percentile 9.00 %, largest 10.00 %), 0 dropped."
        ),
        "",
        "| area | compared | revised | median | 95th percentile | largest |",
        "|---|---|---|---|---|---|",
        "| all | 100 | 3 | 1.50 % | 9.00 % | 10.00 % |",
        "| CA | 50 | 3 | 1.50 % | 9.00 % | 10.00 % |",
        "| NY | 50 | 1 | - | - | - |",
        "",
        "The largest revisions:",
        "",
        "| ref_area | category | category_name | time_period | old | new | change |",
        "|---|---|---|---|---|---|---|",
        "| CA | T:1 | Food &#124; drink &#60;b&#62;and&#60;/b&#62; more | 2020 | 100 | 110 | 10.00 % |",
        "| NY | T:1 | Food | 2020 | 100 | (D) | - |",
        "",
    ]


def test_unchanged_and_overruled_runs_say_so():
    assert "No release changed any figure." in as_markdown(manifest(None))
    overruled = as_markdown(manifest(REVISION, accepted_revision=True))
    assert overruled.rstrip().endswith("overruled checks that refused this release.")


def test_a_report_is_written_to_a_file_or_the_error_is_shown(tmp_path):
    path = tmp_path / "report.md"
    write_markdown([manifest(REVISION), manifest(None)], path)
    assert path.read_text(encoding="utf-8").count("# Revisions: tea") == 2
    nowhere = tmp_path / "no" / "report.md"
    with pytest.raises(ConfigError) as raised:
        write_markdown([manifest(REVISION)], nowhere)
    assert str(raised.value) == (
        f"the report cannot be written: {nowhere}: No such file or directory; name a file in an "
        "existing folder"
    )


def test_a_terminal_shows_one_line_and_the_largest_revisions(capsys):
    print_revisions(manifest(None, REVISION))
    shown = capsys.readouterr().err
    assert REVISION.in_words in shown
    assert "10.00 %" in shown
    assert "(D)" in shown


def test_a_first_vintage_is_one_line(capsys):
    first = Revision(
        dataset="T", vintage="2022-10-06", since="", cells=7, added=7, dropped=0,
        overall=Movement(compared=0, revised=0),
    )  # fmt: skip
    print_revisions(manifest(first))
    assert capsys.readouterr().err == "\nT 2022-10-06: first release, 7 figures\n"
    assert date(2022, 10, 6).isoformat() in first.in_words


def verdict(check, dataset, message, **more):
    fields = {"vintage": "2022-10-06", "severity": "error", "passed": True, "judged": False}
    return CheckResult(check=check, dataset=dataset, message=message, **fields | more)


def test_each_reason_for_not_judging_is_shown_once(capsys):
    checks = (
        verdict("row_count", "T1", "nothing before"),
        verdict("row_count", "T2", "nothing before"),
        verdict("moves", "T1", "too few"),
        verdict("keys", "T1", "12 rows", judged=True),
    )
    run = manifest(REVISION, checks=checks)
    print_summary(run)
    told = " ".join(capsys.readouterr().err.split())
    page = as_markdown(run)
    for text, start in ((told, "n"), (page, "N")):
        assert f"{start}ot judged by row_count: " in text
        assert f"{start}ot judged by moves: " in text
        assert "12 rows" not in text
    assert "not judged by row_count: T1 2022-10-06, T2 2022-10-06; nothing before" in told
