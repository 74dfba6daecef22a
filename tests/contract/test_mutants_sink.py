"""The contract of sinks is worth something: each of these broken ones is caught."""

import time
import unicodedata
from decimal import Decimal

import attrs
import pyarrow as pa
import pytest

from contract.promises import keep_promise
from contract.test_fakes import InMemory
from statpipe.testing import SinkContract
from statpipe.testing.fakes import MemorySink


class Sinks(InMemory, SinkContract):
    pass


class HoldsNothing(MemorySink):
    def fingerprint(self, key):
        return None


class KeepsTheFirst(MemorySink):
    def write(self, partition):
        if partition.key in self.held:
            table = self.held[partition.key].table
            partition = attrs.evolve(partition, table=table)
        return super().write(partition)


class Appends(MemorySink):
    def write(self, partition):
        if partition.key in self.held:
            before = self.held[partition.key].table
            both = pa.concat_tables([before, partition.table])
            partition = attrs.evolve(partition, table=both)
        return super().write(partition)


class SaysItWroteAgain(MemorySink):
    def write(self, partition):
        return attrs.evolve(super().write(partition), inserted=len(partition.table))


class SaysItWroteNothing(MemorySink):
    def write(self, partition):
        return attrs.evolve(super().write(partition), inserted=0, deleted=0)


class ComparesFiguresOnly(MemorySink):
    """Does not take a new fingerprint over when the figures are the same."""

    def write(self, partition):
        before = self.held.get(partition.key)
        if before is not None and before.table.equals(partition.table):
            partition = before
        return super().write(partition)


class ShowsTheFingerprintFirst(MemorySink):
    def __init__(self):
        super().__init__()
        self.announced = {}

    def fingerprint(self, key):
        return self.announced.get(key)

    def write(self, partition):
        self.announced[partition.key] = partition.fingerprint
        time.sleep(0.01)
        return super().write(partition)


class ShowsHalfOfIt(MemorySink):
    def write(self, partition):
        before = self.held.get(partition.key)
        if before is None or before.fingerprint != partition.fingerprint:
            half = partition.table.slice(0, len(partition.table) // 2)
            self.held[partition.key] = attrs.evolve(partition, table=half, fingerprint="0" * 64)
            time.sleep(0.01)
        return super().write(partition)


class WritesInTwoSteps(MemorySink):
    def write(self, partition):
        receipt = super().write(partition)
        # The other one comes in between, also on a busy machine.
        time.sleep(0.05 * (len(partition.table) % 2))
        held = self.held[partition.key]
        self.held[partition.key] = attrs.evolve(held, table=partition.table)
        return receipt


class RoundsFigures(MemorySink):
    def write(self, partition):
        floats = partition.table["value"].cast(pa.float64())
        rounded = [None if v is None else Decimal(str(v)) for v in floats.to_pylist()]
        return super().write(
            attrs.evolve(partition, table=partition.table.set_column(2, "value", [rounded]))
        )


class LosesMissingFigures(MemorySink):
    def write(self, partition):
        return super().write(attrs.evolve(partition, table=partition.table.drop_null()))


class HasOnePlace(MemorySink):
    def fingerprint(self, key):
        return super().fingerprint(attrs.evolve(key, owner="one"))

    def write(self, partition):
        receipt = super().write(
            attrs.evolve(partition, key=attrs.evolve(partition.key, owner="one"))
        )
        self.held[partition.key] = partition
        return attrs.evolve(receipt, path=partition.key.path)


class RefusesASecondRecord(MemorySink):
    def record(self, manifest):
        assert manifest not in self.manifests
        super().record(manifest)


class ClosesOnce(MemorySink):
    def close(self):
        assert not self.closed
        super().close()


class AnnouncesFirst(MemorySink):
    """Is interrupted between the fingerprint and the table."""

    def __init__(self):
        super().__init__()
        self.announced = {}

    def fingerprint(self, key):
        return self.announced.get(key)

    def write(self, partition):
        self.announced[partition.key] = partition.fingerprint
        return super().write(partition)


class StaysLocked(MemorySink):
    def __init__(self):
        super().__init__()
        self.at_work = False

    def write(self, partition):
        assert not self.at_work, "somebody is at work"
        self.at_work = True
        receipt = super().write(partition)
        self.at_work = False
        return receipt


class ChangesTheTable(MemorySink):
    def write(self, partition):
        receipt = super().write(partition)
        object.__setattr__(partition, "table", partition.table.slice(1))
        return receipt


class CleansTooMuch(MemorySink):
    def remove_scratch(self):
        self.held.clear()


class KeepsWhatIsGone(MemorySink):
    """Takes what is said to have been there before for what it holds, and adds the new rows."""

    def write(self, partition):
        old = partition.previous
        if old is not None:
            areas = set(partition.table["area"].to_pylist())
            gone = [n for n, row in enumerate(old.table.to_pylist()) if row["area"] not in areas]
            table = pa.concat_tables([partition.table, old.table.take(gone)]).unify_dictionaries()
            partition = attrs.evolve(partition, table=table)
        return super().write(partition)


class TrustsWhatWasBefore(MemorySink):
    """Takes the fingerprint for granted, and writes the difference onto other rows."""

    def write(self, partition):
        old, held = partition.previous, self.held.get(partition.key)
        if old is not None and held is not None and held.fingerprint != old.fingerprint:
            partition = attrs.evolve(partition, table=held.table)
        return super().write(partition)


class StripsTexts(MemorySink):
    def write(self, partition):
        texts = [text.strip() for text in partition.table["area"].to_pylist()]
        column = pa.array(texts, pa.string()).dictionary_encode()
        table = partition.table.set_column(0, partition.table.schema.field(0), column)
        return super().write(attrs.evolve(partition, table=table))


class KeepsEightDecimals(MemorySink):
    def write(self, partition):
        values = partition.table["value"].to_pylist()
        cut = [v if v is None else round(v, 8) for v in values]
        column = pa.array(cut, partition.table.schema.field("value").type)
        table = partition.table.set_column(2, "value", column)
        return super().write(attrs.evolve(partition, table=table))


class CutsTexts(MemorySink):
    def write(self, partition):
        texts = [text[:255] for text in partition.table["area"].to_pylist()]
        column = pa.array(texts, pa.string()).dictionary_encode()
        table = partition.table.set_column(0, partition.table.schema.field(0), column)
        return super().write(attrs.evolve(partition, table=table))


class WritesOneBatch(MemorySink):
    def write(self, partition):
        return super().write(attrs.evolve(partition, table=partition.table.slice(0, 1000)))


class CountsWhatWasThere(MemorySink):
    def write(self, partition):
        before = self.held.get(partition.key)
        receipt = super().write(partition)
        return attrs.evolve(receipt, rows=len(before.table)) if before else receipt


class LosesSigns(MemorySink):
    def write(self, partition):
        values = [v if v is None else abs(v) for v in partition.table["value"].to_pylist()]
        column = pa.array(values, partition.table.schema.field("value").type)
        table = partition.table.set_column(2, "value", column)
        return super().write(attrs.evolve(partition, table=table))


class MakesZeros(MemorySink):
    def write(self, partition):
        values = [v or Decimal(0) for v in partition.table["value"].to_pylist()]
        column = pa.array(values, partition.table.schema.field("value").type)
        table = partition.table.set_column(2, "value", column)
        return super().write(attrs.evolve(partition, table=table))


def changed(partition, name, change, kind=None):
    """The partition with what *change* makes of the values of a column; without it, if it has none such."""
    if name not in partition.table.column_names:
        return partition
    place = partition.table.schema.get_field_index(name)
    values = [change(value) for value in partition.table[name].to_pylist()]
    column = pa.array(values, kind or partition.table.schema.field(name).type)
    return attrs.evolve(partition, table=partition.table.set_column(place, name, column))


class MakesEmptyTexts(MemorySink):
    def write(self, partition):
        return super().write(changed(partition, "note", lambda text: text or ""))


class MakesNullsOfEmptyTexts(MemorySink):
    def write(self, partition):
        return super().write(changed(partition, "note", lambda text: text or None))


class WritesLatin(MemorySink):
    def write(self, partition):
        lost = changed(
            partition,
            "note",
            lambda text: text and text.encode("latin1", "replace").decode("latin1"),
        )
        return super().write(lost)


class ComposesAccents(MemorySink):
    def write(self, partition):
        return super().write(
            changed(partition, "area", lambda text: unicodedata.normalize("NFC", text))
        )


class ComparesWithoutCase(MemorySink):
    def write(self, partition):
        texts = [text.lower() for text in partition.table[0].to_pylist()]
        first = {text: place for place, text in reversed(list(enumerate(texts)))}
        rows = partition.table
        if "area" not in rows.column_names or len(set(rows["year"].to_pylist())) == 1:
            rows = rows.take(sorted(first.values()))
        return super().write(attrs.evolve(partition, table=rows))


class KeepsFloatsShort(MemorySink):
    def write(self, partition):
        short = changed(partition, "share", lambda n: n and float(f"{n:.6g}"))
        return super().write(short)


class KeepsDaysAsTexts(MemorySink):
    def write(self, partition):
        return super().write(changed(partition, "seen", lambda day: day and str(day), pa.string()))


class KeepsNumbersAsFloats(MemorySink):
    def write(self, partition):
        return super().write(
            changed(partition, "number", lambda n: n if n is None else float(n), pa.float64())
        )


class KeepsTheColumnsOfTheFirst(MemorySink):
    def write(self, partition):
        before = self.held.get(partition.key)
        if before is not None:
            names = [n for n in before.table.column_names if n in partition.table.column_names]
            partition = attrs.evolve(partition, table=partition.table.select(names))
        return super().write(partition)


class KeepsColumnsForEver(MemorySink):
    def write(self, partition):
        before = self.held.get(partition.key)
        table = partition.table
        for name in before.table.column_names if before is not None else ():
            if name not in table.column_names:
                table = table.append_column(name, pa.nulls(len(table), pa.string()))
        return super().write(attrs.evolve(partition, table=table))


SINKS = {
    MakesEmptyTexts: "test_columns_of_every_type_are_read_back",
    MakesNullsOfEmptyTexts: "test_columns_of_every_type_are_read_back",
    WritesLatin: "test_columns_of_every_type_are_read_back",
    ComposesAccents: "test_any_text_is_read_back_unchanged",
    ComparesWithoutCase: "test_columns_of_every_type_are_read_back",
    KeepsFloatsShort: "test_columns_of_every_type_are_read_back",
    KeepsDaysAsTexts: "test_columns_of_every_type_are_read_back",
    KeepsNumbersAsFloats: "test_columns_of_every_type_are_read_back",
    KeepsTheColumnsOfTheFirst: "test_columns_may_be_added_and_removed",
    KeepsColumnsForEver: "test_columns_may_be_added_and_removed",
    KeepsEightDecimals: "test_figures_are_read_back_with_every_digit",
    CutsTexts: "test_any_text_is_read_back_unchanged",
    WritesOneBatch: "test_each_of_many_rows_is_held",
    CountsWhatWasThere: "test_a_revision_replaces_the_earlier_rows",
    LosesSigns: "test_figures_are_read_back_with_every_digit",
    MakesZeros: "test_a_written_partition_is_held_under_its_fingerprint",
    HoldsNothing: "test_a_written_partition_is_held_under_its_fingerprint",
    KeepsTheFirst: "test_a_revision_replaces_the_earlier_rows",
    Appends: "test_a_revision_replaces_the_earlier_rows",
    SaysItWroteAgain: "test_writing_twice_equals_writing_once",
    SaysItWroteNothing: "test_a_written_partition_is_held_under_its_fingerprint",
    ComparesFiguresOnly: "test_equal_figures_are_held_under_a_new_fingerprint",
    ShowsTheFingerprintFirst: "test_a_reader_sees_a_complete_partition_or_none",
    ShowsHalfOfIt: "test_a_reader_sees_a_complete_partition_or_none",
    RoundsFigures: "test_after_any_revisions_only_the_last_is_held",
    LosesMissingFigures: "test_a_written_partition_is_held_under_its_fingerprint",
    HasOnePlace: "test_partitions_of_different_owners_are_separate",
    RefusesASecondRecord: "test_a_run_recorded_twice_counts_once",
    ClosesOnce: "test_closing_twice_is_harmless_with_or_without_use",
    AnnouncesFirst: "test_an_interrupted_write_can_be_repeated",
    StaysLocked: "test_an_interrupted_write_can_be_repeated",
    ChangesTheTable: "test_a_written_table_is_not_changed",
    WritesInTwoSteps: "test_two_parallel_writers_leave_the_partition_of_one",
    KeepsWhatIsGone: "test_a_partition_may_contain_its_previous_table",
    TrustsWhatWasBefore: "test_a_partition_may_contain_its_previous_table",
    StripsTexts: "test_any_text_is_read_back_unchanged",
    CleansTooMuch: "test_nothing_is_removed_outside_a_scratch_corner",
}


@pytest.mark.parametrize(("mutant", "promise"), SINKS.items())
def test_a_sink_that_breaks_a_promise_is_caught(mutant, promise):
    with pytest.raises(pytest.fail.Exception, match="What to do: "):
        keep_promise(Sinks, promise, mutant())
