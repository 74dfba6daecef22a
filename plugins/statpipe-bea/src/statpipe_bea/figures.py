"""From printed figures and note references to values, statuses, symbols and notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from statpipe.api import ContentError
from statpipe.domain.codes import encoded, looked_up, nothing, trimmed
from statpipe.domain.observation import NORMAL
from statpipe.domain.printed import Figures, Misfit, read_figures
from statpipe.domain.text import stripped
from statpipe_bea.decoded import Where
from statpipe_bea.markers import MARKER, MARKERS, NoteReference, note_reference

if TYPE_CHECKING:
    import pyarrow as pa

_PLAIN = r"^-?[0-9]+(\.[0-9]+)?$"
_WITH_COMMAS = r"^-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$"


@frozen
class Printed:
    """
    What is printed with a value: a marker instead of it, references to Notes, and these Notes.
    """

    marker: str | None
    reference: NoteReference
    notes: Mapping[str, str]

    @property
    def symbol(self) -> str | None:
        """
        The marker, whether it is printed as the figure or as a reference.
        """
        return self.marker or self.reference.marker

    @property
    def status(self) -> str:
        """
        The SDMX status that the marker means.
        """
        return MARKERS[self.symbol].status if self.symbol else NORMAL

    @property
    def cited(self) -> str:
        """
        The footnotes and their texts, for an error message.
        """
        return " and ".join(f"{one} ({self.notes[one]!r:.80})" for one in self.reference.footnotes)

    @property
    def text(self) -> str | None:
        """
        The texts of the notes.
        """
        return self.reference._replace(marker=self.symbol).text(self.notes)


def figures(
    texts: pa.Array,
    references: pa.Array | None,
    notes: Sequence[tuple[Mapping[str, str], int]],
    where: Where,
) -> dict[str, Any]:
    """
    Return ``obs_value``, ``decimals``, ``obs_status``, ``source_symbol`` and ``notes`` for printed figures.

    *texts* are the figures as printed; older answers also print markers and thousands separators.
    *references* are the NoteRefs: a marker in one means that the figure is missing, although the
    API prints ``0``. *notes* maps references to texts; each mapping comes with the number of rows
    that it applies to.

    :raises ContentError: A figure is neither a number nor a known marker; a figure is printed
        together with a marker; or a reference is not defined.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers, markers = _numbers_and_markers(texts, where)
    read = _read(numbers, where)
    values = read.values
    if markers is None and references is None:
        return _all_normal(read)
    printed, places = _printed(markers, references, notes, where)
    _refuse_contradictions(printed, places, values, texts, where)
    symbols = [one.symbol for one in printed]
    blank = pa.array([symbol is not None for symbol in symbols]).take(places.indices)
    return {
        "obs_value": pc.if_else(blank, pa.scalar(None, values.type), values),
        "decimals": read.decimals,
        "obs_status": looked_up(places, [one.status for one in printed]),
        "source_symbol": looked_up(places, symbols),
        "notes": looked_up(places, [one.text for one in printed]),
    }


def _all_normal(figures: Figures) -> dict[str, Any]:
    import pyarrow as pa

    rows = len(figures.values)
    nothing = encoded(pa.nulls(rows, pa.string()))
    normal = encoded(pa.nulls(rows, pa.string()).fill_null(NORMAL))
    return {
        "obs_value": figures.values,
        "decimals": figures.decimals,
        "obs_status": normal,
        "source_symbol": nothing,
        "notes": nothing,
    }


def _numbers_and_markers(
    texts: pa.Array, where: Where
) -> tuple[pa.Array, pa.DictionaryArray | None]:
    """
    Return figures as plain digits, null if none is printed, and the markers that are printed
    instead.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    is_plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN), False)
    if pc.all(is_plain).as_py():
        return texts, None
    odd = trimmed(pc.if_else(is_plain, pa.scalar(None, pa.string()), texts))
    as_number = pc.if_else(
        pc.match_substring_regex(odd.dictionary, _WITH_COMMAS),
        pc.replace_substring(odd.dictionary, ",", ""),
        odd.dictionary,
    )
    is_number = pc.match_substring_regex(as_number, _PLAIN).to_pylist()
    markers: list[str | None] = []
    for number, text in zip(is_number, odd.dictionary.to_pylist(), strict=True):
        if not number and text and text not in MARKERS:
            raise _not_a_figure(where(pc.index(odd.indices, len(markers)).as_py()), text)
        markers.append(text if text in MARKERS else None)
    numbers = pc.if_else(pa.array(is_number, pa.bool_()), as_number, pa.scalar(None, pa.string()))
    found = pc.coalesce(
        pc.if_else(is_plain, texts, pa.scalar(None, pa.string())), numbers.take(odd.indices)
    )
    if not any(markers) and not found.null_count:
        return found, None
    return found, looked_up(odd, markers)


def _not_a_figure(where: str, text: str) -> ContentError:
    if MARKER.fullmatch(text):
        return ContentError(
            f"{where}: marker {text!r}; expected one of {', '.join(MARKERS)}; if BEA has added "
            "it, statpipe-bea needs an update"
        )
    return ContentError(
        f"{where}: figure {text!r}; expected a decimal number or a marker such as (D)"
    )


def _printed(
    markers: pa.DictionaryArray | None,
    references: pa.Array | None,
    notes: Sequence[tuple[Mapping[str, str], int]],
    where: Where,
) -> tuple[list[Printed], pa.DictionaryArray]:
    """
    Return the distinct combinations of marker, reference and notes, and the index of each row's
    combination.
    """
    import pyarrow.compute as pc

    rows = sum(count for _, count in notes)
    marked = markers if markers is not None else nothing(rows)
    cited = trimmed(references) if references is not None else nothing(rows)
    distinct, sets = _distinct(notes)
    base = len(cited.dictionary) + 1
    size = (len(marked.dictionary) + 1) * base
    codes = pc.add(
        pc.multiply(sets, size),
        pc.add(pc.multiply(_codes(marked), base), _codes(cited)),
    ).dictionary_encode()
    printed = []
    for place, code in enumerate(codes.dictionary.to_pylist()):
        number, rest = divmod(code, size)
        marker, reference = (
            column.dictionary[at - 1].as_py() if at else None
            for column, at in zip((marked, cited), divmod(rest, base), strict=True)
        )
        try:
            taken_apart = note_reference(reference or "", distinct[number])
        except ValueError as error:
            row = pc.index(codes.indices, place).as_py()
            msg = f"{where(row)}: {error}. If BEA has added it, statpipe-bea needs an update"
            raise ContentError(msg) from error
        printed.append(Printed(marker, taken_apart, distinct[number]))
    return printed, codes


def _distinct(
    notes: Sequence[tuple[Mapping[str, str], int]],
) -> tuple[list[Mapping[str, str]], pa.Array]:
    """Return the distinct notes, and the index of each row's notes."""
    import pyarrow as pa

    numbers: dict[tuple[tuple[str, str], ...], int] = {}
    repeated = [
        pa.repeat(numbers.setdefault(tuple(sorted(own.items())), len(numbers)), count)
        for own, count in notes
    ]
    return [dict(own) for own in numbers], pa.concat_arrays(repeated).cast(pa.int64())


def _codes(column: pa.DictionaryArray) -> pa.Array:
    """Return codes from 1 on, and 0 for nulls."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.add(pc.fill_null(column.indices.cast(pa.int64()), -1), 1)


def _read(numbers: pa.Array, where: Where) -> Figures:
    try:
        return read_figures(numbers, plain=True)
    except Misfit as error:
        raise ContentError(f"{where(error.row)}: figure {error}") from error


def _refuse_contradictions(
    printed: Sequence[Printed],
    places: pa.DictionaryArray,
    values: pa.Array,
    texts: pa.Array,
    where: Where,
) -> None:
    """Refuse a marker together with a figure other than "0", because one of the two is wrong."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def rows(chosen: Callable[[Printed], bool]) -> pa.Array:
        return pa.array([chosen(one) for one in printed]).take(places.indices)

    def refuse(wrong: pa.Array, why: str) -> None:
        row = pc.index(wrong, True).as_py()
        if row >= 0:
            one = printed[places.indices[row].as_py()]
            figure = stripped(texts[row].as_py())
            msg = why.format(figure=figure, symbol=one.symbol, one=one)
            raise ContentError(f"{where(row)}: {msg}")

    shown, zero = pc.is_valid(values), pc.equal(values, pa.scalar(0).cast(values.type))
    zero = pc.fill_null(zero, False)
    symbols = rows(lambda one: one.symbol is not None)
    refuse(
        pc.and_(symbols, pc.and_not(shown, zero)),
        "figure {figure} beside marker {symbol}; expected 0 there, as BEA prints for a figure it does "
        "not show",
    )
    refuse(
        pc.invert(pc.or_(shown, symbols)),
        "figure {figure!r}; expected a decimal number or a marker such as (D)",
    )
    refuse(
        rows(lambda one: {one.marker, one.reference.marker} - {None, one.symbol} != set()),
        "marker {one.marker} beside marker {one.reference.marker}; expected one reason",
    )
    refuse(
        pc.and_(zero, rows(lambda one: one.symbol is None and one.reference.may_blank(one.notes))),
        "figure {figure} beside footnote {one.cited}, which may mean that it is not shown; "
        "expected a marker such as (D) there. statpipe-bea needs an update",
    )
