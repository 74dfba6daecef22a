"""Damage to a lake is found, repaired where it can be, and told."""

from __future__ import annotations

import json

import pytest

from support.tea_home import last_line


def test_a_damaged_lake_is_verified_and_repaired(tea):
    tea.run("run", "tea_prices")
    whole = tea.run("lake", "verify")
    assert whole.stdout == ""
    assert (
        last_line(whole)
        == "objects read: 1 of manifests, 4 of bronze, 2 of silver, 2 of changes, 1 of gold"
    )

    part = next((tea.home.lake / "gold").rglob("*.parquet"))
    body = part.read_bytes()
    part.write_bytes(body[:-9] + b"x" + body[-8:])
    found = tea.run("lake", "verify", "tea_prices", code=4)
    assert "gold/tea_latest" in found.stdout
    assert last_line(found) == (
        "statpipe: 1 object is damaged or missing; repair with "
        "`statpipe lake verify tea_prices --repair` (exit 4)"
    )
    repaired = tea.run("lake", "verify", "tea_prices", "--repair", "--json")
    (finding,) = json.loads(repaired.stdout)["findings"]
    assert (finding["state"], finding["path"]) == ("repaired", "gold/tea_latest")
    assert finding["finding"].endswith("rebuilt from Silver")
    assert part.read_bytes() == body
    assert json.loads(tea.run("lake", "verify", "--json").stdout)["findings"] == []


def test_unrepaired_damage_is_exit_4(tea):
    tea.run("run", "tea_prices")
    for payload in (tea.home.lake / "bronze").rglob("*.gz"):
        payload.unlink()
    tea.agency.down_at = 0
    done = tea.run("lake", "verify", "--repair", code=4)
    assert "the tea agency is closed" in done.stdout
    assert last_line(done) == (
        "statpipe: 4 objects are still damaged or missing; the table says how to restore each "
        "(exit 4)"
    )


def test_the_doctor_reports_a_damaged_newest_manifest_and_the_next_run_repairs_it(tea):
    tea.run("run", "tea_prices")
    (newest,) = (tea.home.lake / "runs" / "tea_prices").iterdir()
    body = newest.read_bytes()
    newest.write_bytes(b"")
    sick = tea.run("doctor", code=None)
    assert f"runs/tea_prices/{newest.name} is damaged: it is empty" in " ".join(sick.stdout.split())
    assert "statpipe lake verify tea_prices --repair" in sick.stdout
    done = tea.run("run", "tea_prices")
    assert "a damaged manifest" in done.stderr
    assert "restored from a copy" in done.stderr
    assert "unchanged" in done.stderr
    assert newest.read_bytes() == body
    assert newest.with_name(f"{newest.name}.damaged").read_bytes() == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tea_price",), "no source is named 'tea_price'; did you mean 'tea_prices'?"),
        (("--from-archive", "x"), "--from-archive only works with --repair"),
    ],
)
def test_wrong_options_of_verify_are_exit_2(tea, arguments, message):
    assert message in last_line(tea.run("lake", "verify", *arguments, code=2))
