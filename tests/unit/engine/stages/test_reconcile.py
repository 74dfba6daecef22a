"""Which vintage a fresh table is, against an oracle on sets of cells."""

from datetime import date
from decimal import Decimal

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import ContentError, Selection, Vintage, observations_from_rows
from statpipe.domain.canonical import content_hash
from statpipe.domain.seal import seal
from statpipe.engine.stages.published import held_as
from statpipe.engine.stages.reconcile import reconcile
from statpipe.engine.stages.task import silver_of
from support.tea import MONTHS, PORTS, cells, tea_dataset

TEA = tea_dataset("black")
DAY = date(2024, 3, 1)

figures = st.dictionaries(
    st.sampled_from(cells()), st.sampled_from(["1", "2", "-"]), min_size=1, max_size=8
)
selections = st.builds(
    Selection,
    areas=st.sampled_from([None, PORTS[:1], PORTS[1:], PORTS]),
    periods=st.sampled_from([None, MONTHS[:1], MONTHS[1:], MONTHS]),
)


def inside(selection, cell):
    return (selection.areas is None or cell[0] in selection.areas) and (
        selection.periods is None or cell[2] in selection.periods
    )


def cut(cells_, selection):
    return {cell: price for cell, price in cells_.items() if inside(selection, cell)}


def silver(cells_, name="2024-03-01", notes=""):
    rows = [
        {
            "ref_area": port,
            "category": grade,
            "time_period": month,
            "obs_value": None if price == "-" else Decimal(price),
            "obs_status": "O" if price == "-" else "A",
            "notes": notes,
        }
        for (port, grade, month), price in cells_.items()
    ]
    return silver_of(seal(observations_from_rows(rows), TEA, name), name, "code")


def in_table(table):
    return {
        (row["ref_area"], row["category"], row["time_period"]): (
            "-" if row["obs_value"] is None else f"{row['obs_value']:.0f}"
        )
        for row in table.to_pylist()
    }


def as_it_is(vintage, _):
    return vintage


class Book:
    """The held vintages of one date, oldest first, with their tables."""

    def next(self, vintage, _):
        last = self.held[-1].sequence if self.held else 0
        return attrs.evolve(vintage, sequence=last + 1)

    def __init__(self):
        self.held, self.tables = [], {}

    def take(self, cells_, selection=None, **more):
        selection = selection or Selection()
        vintage = Vintage(released=DAY, selection=selection)
        fresh = silver(cut(cells_, selection), **more)
        read = lambda held: self.tables[held.sequence]  # noqa: E731
        final = reconcile(TEA, vintage, fresh, self.held, "code", read, self.next)
        held = held_as(TEA, final.vintage, final.silver, "code")
        self.held = [h for h in self.held if h.sequence != held.sequence] + [held]
        self.held.sort(key=lambda h: h.sequence)
        self.tables[held.sequence] = final.silver.table
        assert set(final.silver.table["vintage"].to_pylist()) == {final.vintage.id}
        return final

    def cells(self):
        return {held.sequence: in_table(self.tables[held.sequence]) for held in self.held}


A = dict.fromkeys(cells(), "1")
B = A | {cells()[0]: "2"}


def test_the_first_vintage_of_a_date_has_sequence_one():
    final = Book().take(A)
    assert (final.vintage.id, final.same, final.grown) == ("2024-03-01", None, False)


def test_equal_figures_are_the_same_vintage_despite_other_notes():
    book = Book()
    first = book.take(A, notes="read today")
    again = book.take(A, notes="read tomorrow")
    assert again.vintage.id == first.vintage.id
    assert again.same is not None
    assert not again.grown


def test_texts_that_only_differ_in_white_space_are_not_changed():
    book = Book()
    first = book.take(A, notes="A footnote, which is long.")
    again = book.take(A, notes=" A footnote,\n  which is\u00a0long. ")
    assert (again.changes, again.reworded) == (False, False)
    assert again.silver.fingerprint == first.silver.fingerprint
    assert set(again.silver.table["notes"].to_pylist()) == {"A footnote, which is long."}


def test_a_figure_that_only_differs_in_decimal_places_is_not_changed():
    """As it does in a later vintage: the places are those of the release that set the figure."""
    book = Book()
    first = book.take(A | {cells()[0]: "1.5"})
    again = book.take(A | {cells()[0]: "1.50"})
    assert not again.changes
    assert again.silver.fingerprint == first.silver.fingerprint
    assert again.silver.table["decimals"].to_pylist() == first.silver.table["decimals"].to_pylist()


def test_other_texts_are_a_change_of_the_same_vintage():
    book = Book()
    book.take(A, notes="A footnote.")
    again = book.take(A, notes="Another footnote.")
    assert (again.vintage.id, again.reworded, again.changes) == ("2024-03-01", True, True)
    assert set(again.silver.table["notes"].to_pylist()) == {"Another footnote."}


def test_a_part_of_the_vintage_with_other_white_space_changes_nothing():
    book = Book()
    first = book.take(A, notes="One\ntwo")
    again = book.take(A, Selection(areas=PORTS[:1]), notes="One two")
    assert (again.changes, again.silver.fingerprint) == (False, first.silver.fingerprint)
    assert book.take(A, Selection(areas=PORTS[:1]), notes="Three").reworded


def test_damaged_silver_is_replaced_by_the_fetched_table():
    first = silver(A, notes="One")
    held = held_as(TEA, Vintage(released=DAY), first, "code")

    def damaged(_):
        raise ContentError("the partition is torn; run again")

    again = reconcile(
        TEA, held.vintage, silver(A, notes="One two"), [held], "code", damaged, as_it_is
    )
    assert again.reworded


def test_a_changed_or_missing_cell_makes_the_next_in_sequence():
    book = Book()
    book.take(A)
    assert book.take(B).vintage.id == "2024-03-01.02"
    gone = {cell: price for cell, price in B.items() if cell != cells()[1]}
    assert book.take(gone).vintage.id == "2024-03-01.03"
    assert book.cells() == {1: A, 2: B, 3: gone}


def test_a_figure_that_becomes_missing_is_a_change():
    book = Book()
    book.take(A)
    assert book.take(A | {cells()[3]: "-"}).vintage.sequence == 2


def test_another_selection_is_merged():
    book = Book()
    book.take(A, Selection(areas=PORTS[:1]))
    final = book.take(A, Selection(areas=PORTS[1:]))
    assert (final.vintage.sequence, final.grown) == (1, True)
    assert final.vintage.selection == Selection(areas=PORTS)
    assert book.cells() == {1: A}
    assert content_hash(final.silver.table) == content_hash(silver(A).table)


def test_a_narrower_selection_changes_nothing():
    book = Book()
    book.take(A)
    final = book.take(A, Selection(areas=PORTS[:1]))
    assert (final.vintage.selection, final.grown) == (Selection(), False)
    assert book.cells() == {1: A}


def test_a_change_in_a_narrower_selection_only_covers_that_selection():
    book = Book()
    book.take(A)
    narrow = Selection(areas=PORTS[:1])
    assert book.take(B, narrow).vintage.sequence == 2
    assert book.cells() == {1: A, 2: cut(B, narrow)}


def test_alternating_selections_are_reconciled():
    book = Book()
    one = Selection(areas=PORTS[:1], periods=MONTHS[:1])
    other = Selection(areas=PORTS[1:], periods=MONTHS[1:])
    for selection in (one, other, one, other, Selection(), one):
        assert book.take(A, selection).vintage.sequence == 1
    assert book.cells() == {1: A}


def test_unrequested_cells_are_never_claimed():
    book = Book()
    book.take(A, Selection(areas=PORTS[:1], periods=MONTHS[:1]))
    final = book.take(A, Selection(areas=PORTS[1:], periods=MONTHS[1:]))
    assert not final.vintage.selection.covers(Selection(areas=PORTS[:1], periods=MONTHS[1:]))


def test_the_only_vintage_of_a_date_keeps_its_sequence():
    vintage = Vintage(released=DAY, sequence=3)
    final = reconcile(TEA, vintage, silver(A), [], "code", lambda _: None, as_it_is)
    assert final.vintage.id == "2024-03-01.03"
    assert set(final.silver.table["vintage"].to_pylist()) == {"2024-03-01.03"}


def test_a_vintage_dated_later_by_the_agency_takes_that_date():
    seen = Vintage(released=date(2024, 3, 9), basis="observed", token="etag")
    nameless = held_as(TEA, seen, silver(A, seen.id), "code")
    dated = Vintage(released=DAY, token="note")
    final = reconcile(TEA, dated, silver(A), [], "code", lambda _: None, as_it_is, nameless)
    assert (final.redated, final.changes, final.same) == (True, True, nameless)
    assert (final.vintage.id, final.vintage.basis) == ("2024-03-01", "agency")
    assert final.vintage.token == "etag\nnote"
    other = reconcile(TEA, dated, silver(B), [], "code", lambda _: None, as_it_is, nameless)
    assert (other.redated, other.same) == (False, None)


@settings(deadline=None, max_examples=60)
@given(steps=st.lists(st.tuples(figures, selections), min_size=1, max_size=5))
def test_any_sequence_of_figures_and_selections_matches_an_oracle(steps):
    book = Book()
    wanted = {}
    for published, selection in steps:
        fresh = cut(published, selection)
        if not fresh:
            continue
        claim = book.held[-1].selection if book.held else None
        book.take(published, selection)
        last = wanted.get(len(wanted), {})
        known = {c: p for c, p in fresh.items() if claim and (inside(claim, c) or c in last)}
        if fresh in wanted.values():
            continue
        if claim is not None and cut(last, selection) == known:
            wanted[len(wanted)] = last | fresh
        else:
            wanted[len(wanted) + 1] = fresh
    assert book.cells() == wanted
    assert [held.sequence for held in book.held] == sorted(wanted)
    for held in book.held:
        rows = book.tables[held.sequence]
        assert held.rows == len(rows)
        assert content_hash(rows) == content_hash(silver(in_table(rows), held.vintage.id).table)
