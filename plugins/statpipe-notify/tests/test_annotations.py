"""Lines that the runner of GitHub Actions reads as commands."""

import re

from statpipe_notify.annotations import remarks_on

COMMAND = re.compile(r"::(?P<level>error|warning) title=(?P<title>[^:,]*)::(?P<text>[^\r\n]*)")


def lines(manifest):
    return [str(remark) for remark in remarks_on(manifest)]


def read(line):
    """Take a line apart as the runner does."""
    found = COMMAND.fullmatch(line)
    assert found, line

    def back(text):
        for escape, sign in (
            ("%0D", "\r"),
            ("%0A", "\n"),
            ("%3A", ":"),
            ("%2C", ","),
            ("%25", "%"),
        ):
            text = text.replace(escape, sign)
        return text

    return found["level"], back(found["title"]), back(found["text"])


def test_a_failed_run_is_an_error_with_its_message(manifest):
    (line,) = lines(manifest("failed", 5, message="BEA is down: wait, 100 %"))
    assert line == "::error title=tea in prod%3A failed (exit 5)::BEA is down: wait, 100 %25"


def test_a_late_release_is_a_warning(manifest):
    (line,) = lines(manifest("unchanged", late=True, calendar="late: the release of 2022-10-06"))
    assert line == (
        "::warning title=tea in prod%3A unchanged%2C a release is late::late: the release of 2022-10-06"
    )
    assert not lines(manifest("unchanged", calendar="nothing is due before 2022-10-06"))


def test_failed_checks_are_errors_or_warnings_with_the_first_cells(manifest, found):
    checks = (found("warning", check="colour"), found(), found(accepted=True, check="move"))
    told = [read(line) for line in lines(manifest("refused", 3, message="x", checks=checks))]
    assert [(level, title) for level, title, _ in told] == [
        ("error", "check taste refuses black 2022-10-06"),
        ("warning", "check colour warns about black 2022-10-06"),
        (
            "warning",
            "check move would refuse black 2022-10-06, and --accept-revision overrules it",
        ),
    ]
    assert told[0][2] == "2 prices taste of dust\nref_area CAL, category dust, obs_value 1.5"


def test_good_runs_have_no_annotations(manifest):
    assert lines(manifest()) == lines(manifest("unchanged")) == []


def test_a_command_in_a_text_stays_text(manifest, found):
    evil = "x\n::error title=forged::y\r\n::add-mask::z"
    checks = (found(message=evil, check=evil, cells=({evil: evil},)),)
    told = lines(manifest("failed", 1, message=evil, checks=checks))
    assert len(told) == 2
    for line in told:
        assert "\n" not in line
        assert "\r" not in line
        read(line)
        assert line.startswith("::error title=")
    assert read(told[0])[2] == "x ::error title=forged::y ::add-mask::z"


def test_escaped_texts_are_read_back_unchanged(manifest):
    text = "100%25 of %0A%3A stay"
    assert read(lines(manifest("failed", 1, message=text))[0])[2] == text


def test_remarks_after_the_tenth_are_counted_with_errors_first(manifest, found):
    checks = tuple(found("warning") for _ in range(20)) + tuple(found() for _ in range(4))
    told = [read(line) for line in lines(manifest("refused", 3, checks=checks))]
    assert [level for level, _, _ in told] == ["error"] * 4 + ["warning"] * 6
    assert told[-1][2] == ("and 15 more; the job summary and the manifest contain all of them")
