"""The content of a message in a mail or a chat."""

from statpipe_notify.text_message import CUT, text_message


def test_a_loaded_run_says_what_changed_and_where_its_manifest_is(manifest, vintage):
    link = "https://github.com/o/r/actions/runs/1"
    assert text_message(manifest(vintages=(vintage(),)), 10_000, link) == (
        "tea in prod: loaded\n"
        "Exit 0: new figures are published\n"
        "Run 20221006T141700000000Z-3fa9, manifest runs/tea/20221006T141700000000Z-3fa9.json in the lake\n"
        "https://github.com/o/r/actions/runs/1\n"
        "\n"
        "black 2022-10-06: loaded, 1,200 rows (a new release)\n"
        "  black 2022-10-06 since 2022-09-06: 2 cells added, 1 of 8 revised (median 100.00 %, "
        "95th percentile 100.00 %, largest 100.00 %), 0 dropped\n"
        "    CAL fine 2022-01: 1.50 -> 3.00 (100.00 %)"
    )


def test_a_refused_run_shows_cells_of_failed_checks_with_refusals_first(manifest, found):
    checks = (found("warning", check="colour"), found(), found(passed=True, check="smell"))
    text = text_message(manifest("refused", 3, message="refused by taste", checks=checks), 10_000)
    assert text.startswith(
        "tea in prod: refused\nExit 3: a check refused the release, and none of it was "
        "published; look at the cells\nrefused by taste\n"
    )
    assert text.endswith(
        "check taste refuses black 2022-10-06: 2 prices taste of dust\n"
        "    ref_area CAL, category dust, obs_value 1.5\n"
        "    and 1 more\n"
        "check colour warns about black 2022-10-06: 2 prices taste of dust\n"
        "    ref_area CAL, category dust, obs_value 1.5\n"
        "    and 1 more"
    )


def test_a_refusal_that_was_overruled_says_so(manifest, found):
    text = text_message(manifest(checks=(found(accepted=True, about_revision=True),)), 10_000)
    assert (
        "check taste would refuse black 2022-10-06, and --accept-revision overrules it: 2 prices"
        in text
    )


def test_a_run_without_the_lock_names_no_manifest(manifest):
    text = text_message(manifest("failed", 6, message="locked by x"), 10_000)
    assert text.endswith("Run 20221006T141700000000Z-3fa9")


def test_commands_other_than_run_are_named(manifest):
    assert text_message(manifest(command="load"), 99).startswith("tea in prod: loaded (load)\n")


def test_a_long_message_is_cut_at_a_line_and_says_so(manifest, found):
    cells = tuple({"ref_area": f"port {number}"} for number in range(20))
    checks = tuple(found(cells=cells) for _ in range(50))
    text = text_message(manifest("refused", 3, checks=checks), 1_000)
    assert len(text) <= 1_000
    assert text.endswith(f"\n{CUT}")
    assert text.splitlines()[-2].startswith(("    ref_area port", "    and", "check taste"))


def test_an_agencys_text_stays_on_its_line(manifest, found):
    evil = "first\nsecond\r\u2028third\x1b[31m\u202efourth \udcff"
    text = text_message(manifest("failed", 4, message=evil, checks=(found(message=evil),)), 9_999)
    assert text.splitlines()[2] == r"first second third\x1b[31m\u202efourth \udcff"
    text.encode()
