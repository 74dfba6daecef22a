"""The contract of checks is worth something: each of these broken ones is caught."""

import os
from datetime import UTC, datetime

import attrs
import pyarrow.compute as pc
import pytest

from contract.caught import assert_caught, failures
from contract.rain import RAIN
from statpipe.api import Check, CheckResult
from statpipe.testing import CheckContract, snapshot

GOOD = {
    ("N", "rain", "2024-01"): "12.5",
    ("N", "snow", "2024-01"): "3",
    ("S", "rain", "2024-02"): "0",
    ("S", "snow", "2024-02"): None,
}
BAD = GOOD | {("S", "rain", "2024-02"): "-1", ("N", "rain", "2024-01"): "-2"}


class NoNegativeRain(Check):
    shown = 20

    def __init__(self, severity="error"):
        self.severity = severity

    def check(self, current, previous):
        return self.verdict(current, self.negative(current.table))

    def negative(self, table):
        found = table.filter(pc.fill_null(pc.less(table["obs_value"], 0), False)).to_pylist()
        return sorted(found, key=lambda row: [row[name] for name in RAIN.key])

    def verdict(self, current, rows, **changes):
        fields = {
            "check": "no_negative_rain",
            "dataset": current.dataset.name,
            "vintage": current.vintage.id,
            "severity": self.severity,
            "passed": not rows,
            "message": f"{len(rows)} of {len(current.table)} figures are negative",
            "failures": len(rows),
            "cells": tuple(
                {name: r[name] for name in current.dataset.key} | {"obs_value": str(r["obs_value"])}
                for r in rows[: self.shown]
            ),
        }
        return CheckResult(**fields | changes)


class AlwaysPasses(NoNegativeRain):
    def negative(self, table):
        return []


class AlwaysFails(NoNegativeRain):
    def negative(self, table):
        return table.to_pylist()


class LooksAtNeighbours(NoNegativeRain):
    def negative(self, table):
        values = table["obs_value"].to_pylist()
        rows = table.to_pylist()
        return [
            row
            for row, value, before in zip(rows[1:], values[1:], values, strict=False)
            if value is not None and before is not None and value < before and value < 0
        ]


class NamesTheFirstRow(NoNegativeRain):
    def check(self, current, previous):
        rows = self.negative(current.table)
        first = str(current.table["ref_area"][0]) if len(current.table) else ""
        return self.verdict(current, rows, message=f"from {first} on, {len(rows)} are negative")


class TakesTheFirstRow(NoNegativeRain):
    def check(self, current, previous):
        first = current.table["ref_area"][0].as_py()
        return self.verdict(current, self.negative(current.table), message=f"begins with {first}")


class EmptiesTheTable(NoNegativeRain):
    def check(self, current, previous):
        result = super().check(current, previous)
        object.__setattr__(current, "table", current.table.slice(1))
        return result


class TakesSiblingsAway(NoNegativeRain):
    def check(self, current, previous):
        current.siblings.clear()
        return super().check(current, previous)


class Remembers(NoNegativeRain):
    judged = 0

    def check(self, current, previous):
        self.judged += 1
        result = super().check(current, previous)
        return attrs.evolve(result, message=f"{result.message} ({self.judged})")


class ReadsTheClock(NoNegativeRain):
    def negative(self, table):
        return super().negative(table) if datetime.now(UTC).year > 2000 else []


class ReadsTheEnvironment(NoNegativeRain):
    def negative(self, table):
        return [] if os.getenv("NO_CHECKS") else super().negative(table)


class NeedsAPrevious(NoNegativeRain):
    def check(self, current, previous):
        assert len(previous.table)
        return super().check(current, previous)


class NamesAreasByHash(NoNegativeRain):
    def check(self, current, previous):
        words = {f"area {row['ref_area']} of the office" for row in current.table.to_pylist()}
        return self.verdict(
            current, self.negative(current.table), message=" ".join({*words, "is", "wet", "today"})
        )


class ShowsDecimals(NoNegativeRain):
    def check(self, current, previous):
        rows = self.negative(current.table)
        cells = tuple({"obs_value": row["obs_value"]} for row in rows)
        return self.verdict(current, rows, cells=cells)


class ShowsEverything(NoNegativeRain):
    def check(self, current, previous):
        rows = self.negative(current.table)
        return self.verdict(current, rows, cells=tuple({"n": n} for n in range(99 * len(rows))))


class NamesNothing(NoNegativeRain):
    def check(self, current, previous):
        return self.verdict(current, self.negative(current.table), dataset="", message="")


class SaysTrue(NoNegativeRain):
    def check(self, current, previous):
        return not self.negative(current.table)


class LooksAtTheFirst(NoNegativeRain):
    def negative(self, table):
        return super().negative(table.slice(0, 1000))


class CountsWhatItShows(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        return super().verdict(current, rows[:20], **changes)


class ShowsThemAll(NoNegativeRain):
    shown = None


class NamesTheVintageBefore(NoNegativeRain):
    def check(self, current, previous):
        found = super().check(current, previous)
        return attrs.evolve(found, vintage=(previous or current).vintage.id)


class ShowsFloats(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        cells = tuple({"obs_value": float(r["obs_value"])} for r in rows[:20])
        return super().verdict(current, rows, cells=cells, **changes)


class NamesNoCell(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        cells = tuple({"obs_value": str(r["obs_value"])} for r in rows[:20])
        return super().verdict(current, rows, cells=cells, **changes)


class CountsTwice(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        return super().verdict(current, rows, failures=2 * len(rows), **changes)


class IsAlwaysSerious(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        return super().verdict(current, rows, severity="error", **changes)


class PublishesAnyway(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        said = f"{len(rows)} figures are negative; they are kept as published"
        return super().verdict(current, rows, **{"message": said, **changes})


class SpeaksBySeverity(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        said = f"{self.severity}: {len(rows)} figures are negative"
        return super().verdict(current, rows, **{"message": said, **changes})


class IsWrittenForOne(NoNegativeRain):
    def check(self, current, previous):
        rows = self.negative(current.table) if current.dataset.name == "rain" else []
        return self.verdict(current, rows)


class NamesItsOwn(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        return super().verdict(current, rows, **{"dataset": "rain", **changes})


class NamesTheDay(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        return super().verdict(
            current, rows, vintage=current.vintage.released.isoformat(), **changes
        )


class ShowsOne(NoNegativeRain):
    shown = 1


class ShowsOneOfMany(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        self.shown = 20 if len(rows) < 20 else 1
        return super().verdict(current, rows, **changes)


class ShowsOneTwice(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        return super().verdict(current, rows[:1] * len(rows), **changes)


class ShowsThemAsTheyCome(NoNegativeRain):
    def negative(self, table):
        return table.filter(pc.fill_null(pc.less(table["obs_value"], 0), False)).to_pylist()


class JudgesNothing(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        return super().verdict(current, rows, judged=bool(rows), **changes)


class CountsToAHundred(NoNegativeRain):
    def check(self, current, previous):
        result = super().check(current, previous)
        return attrs.evolve(result, failures=min(result.failures, 100))


class JudgesTheFirstVintageOnly(NoNegativeRain):
    def check(self, current, previous):
        return self.verdict(current, [] if previous else self.negative(current.table))


class AddsUp(NoNegativeRain):
    def negative(self, table):
        assert sum(table["obs_value"].to_pylist()) is not None
        return super().negative(table)


class JudgesTwoAreas(NoNegativeRain):
    def negative(self, table):
        return [row for row in super().negative(table) if row["ref_area"] in {"N", "S"}]


class SparesAnArea(NoNegativeRain):
    def negative(self, table):
        return [row for row in super().negative(table) if not row["ref_area"].startswith("Q")]


class JudgesSome(NoNegativeRain):
    """Judges the rows of which ``counts`` is true."""

    def negative(self, table):
        return [row for row in super().negative(table) if self.counts(row)]


class FindsAreasByALetter(JudgesSome):
    def counts(self, row):
        return "N" in row["ref_area"] or row["ref_area"].endswith("S")


class TakesShortAreas(JudgesSome):
    def counts(self, row):
        return len(row["ref_area"]) < 3


class TakesALevel(JudgesSome):
    def counts(self, row):
        return row["geo_level"] == "station"


class TakesACategory(JudgesSome):
    def counts(self, row):
        return row["category"].startswith("ra")


class TakesAUnit(JudgesSome):
    def counts(self, row):
        return row["unit_measure"] == "millimetres"


class BeginsIn2000(JudgesSome):
    def counts(self, row):
        return row["time_period"] >= "2000"


class EndsIn2030(JudgesSome):
    def counts(self, row):
        return row["time_period"] < "2030"


class TakesFinalFigures(JudgesSome):
    def counts(self, row):
        return row["obs_status"] == "A"


class CutsPlacesOff(JudgesSome):
    def counts(self, row):
        return int(row["obs_value"]) < 0


class HasATolerance(JudgesSome):
    def counts(self, row):
        return float(row["obs_value"]) < -1e-6


class CountsAreas(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        areas = {row["ref_area"] for row in rows}
        return super().verdict(current, rows, **{"failures": len(areas), **changes})


class SortsByFigure(NoNegativeRain):
    def negative(self, table):
        rows = table.filter(pc.fill_null(pc.less(table["obs_value"], 0), False)).to_pylist()
        return sorted(rows, key=lambda row: row["obs_value"])


class CountsShownInWords(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        said = f"{len(rows[:20])} figures are negative"
        return super().verdict(current, rows, **{"message": said, **changes})


class IsSeriousAboutMany(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        severity = "warning" if len(rows) > 5 else self.severity
        return super().verdict(current, rows, **{"severity": severity, **changes})


class JudgesTheLastPeriod(NoNegativeRain):
    def negative(self, table):
        last = pc.max(table["time_period"].cast("string")).as_py() or ""
        return [row for row in super().negative(table) if row["time_period"][:4] == last[:4]]


class MiscountsInWords(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        said = f"{len(rows) + 1} of {len(current.table)} figures are negative"
        return super().verdict(current, rows, **{"message": said, **changes})


class CountsNothingInWords(NoNegativeRain):
    def verdict(self, current, rows, **changes):
        return super().verdict(current, rows, **{"message": "some are negative", **changes})


MANY = "test_many_failures_are_counted_and_some_are_shown"
CELLS = "test_the_shown_cells_are_those_that_fail"
AGAIN = "test_the_same_vintage_gets_the_same_verdict_again"
YEARS = "test_any_year_is_judged_the_same_way"

CAUGHT = {
    JudgesTwoAreas: (
        "test_any_area_is_judged_the_same_way",
        "the same figures of areas with other codes and levels get the verdict '0 of 4 figures are negative' (0 failures)",
    ),
    SparesAnArea: ("test_any_area_is_judged_the_same_way", "do not write areas or levels"),
    FindsAreasByALetter: ("test_any_area_is_judged_the_same_way", "do not write areas or levels"),
    TakesShortAreas: ("test_any_area_is_judged_the_same_way", "do not write areas or levels"),
    TakesALevel: ("test_any_area_is_judged_the_same_way", "do not write areas or levels"),
    TakesACategory: (
        "test_any_category_is_judged_the_same_way",
        "do not write categories or units",
    ),
    TakesAUnit: ("test_any_category_is_judged_the_same_way", "do not write categories or units"),
    BeginsIn2000: (YEARS, "of periods and a release 400 years before"),
    EndsIn2030: (YEARS, "of periods and a release 400 years after"),
    TakesFinalFigures: ("test_provisional_figures_are_judged_the_same_way", "with the status P"),
    CutsPlacesOff: ("test_small_figures_are_judged_the_same_way", "without int(), round()"),
    HasATolerance: ("test_small_figures_are_judged_the_same_way", 'frozenset({"magnitude"})'),
    CountsAreas: (
        MANY,
        "times as many cells that fail, each in a period of its own, is 2; expected 146",
    ),
    SortsByFigure: ("test_the_order_of_rows_does_not_matter", "failures, first {"),
    CountsShownInWords: (MANY, "146 cells fail, and the message says '20 figures are negative'"),
    IsSeriousAboutMany: (MANY, "the severity of many failures is 'warning'; expected 'error'"),
    JudgesTheLastPeriod: ("test_a_failure_in_an_early_year_is_found", "look at every period"),
    MiscountsInWords: (CELLS, "2 cells fail, and the message says '3 of 4 figures are negative'"),
    CountsNothingInWords: (CELLS, "how many cells fail"),
    AlwaysPasses: ("test_a_bad_vintage_fails", "the fixture `bad` passes"),
    AlwaysFails: ("test_a_good_vintage_passes", "the fixture `good` does not pass"),
    LooksAtNeighbours: ("test_the_order_of_rows_does_not_matter", "in another order"),
    NamesTheFirstRow: ("test_the_order_of_rows_does_not_matter", "in another order"),
    TakesTheFirstRow: ("test_a_first_vintage_and_an_empty_one_are_judged", "IndexError"),
    EmptiesTheTable: ("test_the_check_changes_nothing", "changes the snapshot"),
    TakesSiblingsAway: ("test_the_check_changes_nothing", "changes the snapshot"),
    Remembers: (AGAIN, "the second time"),
    ReadsTheClock: (AGAIN, "the clock: datetime.now()"),
    ReadsTheEnvironment: (AGAIN, "os.environ"),
    NeedsAPrevious: ("test_a_first_vintage_and_an_empty_one_are_judged", "AttributeError"),
    NamesAreasByHash: ("test_another_process_gives_the_same_verdict", "PYTHONHASHSEED"),
    ShowsDecimals: ("test_the_verdict_names_what_was_judged", "JSON cannot hold the cells"),
    ShowsEverything: ("test_a_bad_vintage_fails", "198 cells"),
    NamesNothing: ("test_the_verdict_names_what_was_judged", "of the verdict is ('', "),
    LooksAtTheFirst: ("test_a_failure_among_many_rows_is_found", "if 3,004 good rows stand before"),
    CountsWhatItShows: (MANY, "it counts 20"),
    ShowsThemAll: (MANY, "it shows 146 cells"),
    NamesTheVintageBefore: ("test_the_verdict_names_what_was_judged", "1999-12-31"),
    ShowsFloats: ("test_the_verdict_names_what_was_judged", "as a binary float"),
    NamesNoCell: (CELLS, "which is not one of those that fail"),
    CountsTwice: (CELLS, "`failures` is 4; expected 2"),
    IsAlwaysSerious: ("test_the_check_uses_the_configured_severity", "is (False, 'error')"),
    PublishesAnyway: ("test_the_message_does_not_depend_on_the_severity", "'kept as published'"),
    SpeaksBySeverity: (
        "test_the_message_does_not_depend_on_the_severity",
        "the check that is set to warn",
    ),
    IsWrittenForOne: (
        "test_any_dataset_is_judged_the_same_way",
        "the same figures in a dataset named ZZ9 get the verdict '0 of 4 figures are negative' (0 failures)",
    ),
    NamesItsOwn: ("test_the_verdict_names_what_was_judged", "of the verdict is ('rain', "),
    NamesTheDay: (
        "test_the_verdict_names_what_was_judged",
        "is ('rain', '2024-03-01'); expected ('rain', '2024-03-01.02')",
    ),
    ShowsOne: (CELLS, "the number of cells that are shown is 1; expected 2"),
    ShowsOneOfMany: (MANY, "of 146 failures it shows 1 cells"),
    ShowsOneTwice: (CELLS, "cells that are shown is 1; expected 2"),
    ShowsThemAsTheyCome: ("test_the_order_of_rows_does_not_matter", "failures, first {"),
    JudgesNothing: ("test_a_good_vintage_passes", "the fixture `good` is not judged"),
    AddsUp: ("test_a_vintage_without_figures_is_judged", "TypeError"),
    CountsToAHundred: (MANY, "times as many failures it counts 100, as with"),
    JudgesTheFirstVintageOnly: (
        "test_a_bad_vintage_fails_after_a_good_one",
        "passes where a good vintage stands before it",
    ),
    SaysTrue: ("test_a_good_vintage_passes", "check returned bool"),
}


def said_of(check, only=None):
    def bad():
        return snapshot(RAIN, BAD, siblings={"snow": snapshot(RAIN, GOOD).table})

    return failures(
        CheckContract,
        only,
        check=check,
        good=snapshot(RAIN, GOOD),
        bad=bad(),
        previous=None,
        failing=[("S", "rain", "2024-02"), ("N", "rain", "2024-01")],
        lenient=type(check)("warning"),
    )


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_check_that_breaks_a_promise_is_caught(mutant):
    assert_caught(said_of(mutant(), CAUGHT[mutant][0]), *CAUGHT[mutant])


def test_an_honest_check_passes():
    assert said_of(NoNegativeRain()) == {}
