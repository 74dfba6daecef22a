"""Columns of printed figures: their exact values and their printed decimal places.

Value and decimal places together give the printed text: ``14392721.0`` is 14392721 with one place.
Only parts that do not belong to the number are lost: thousands separators, a plus sign, zeros
before the first digit, the minus of a zero, and the exponent: ``1.20E-05`` comes back as
``0.0000120``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    import pyarrow as pa

DECIMAL_DIGITS, DECIMAL_PLACES = 38, 18
"""Enough for every official figure: 20 digits before the point and 18 after it, exact."""

MOST_PLACES = 127
"""How many places are counted; zeros after the 18th place cost nothing and are restored up to
here."""

_WHOLE_DIGITS = DECIMAL_DIGITS - DECIMAL_PLACES
_PLAIN = r"^-?[0-9]+(\.[0-9]+)?$"
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,9})?", re.ASCII)
_ROOM = (
    f"expected up to {_WHOLE_DIGITS} digits before and {DECIMAL_PLACES} after the point, because "
    "figures are kept exactly; zeros at the end do not count"
)


@frozen(kw_only=True)
class Figures:
    """
    A column of exact values, decimal128(38, 18), and beside it the printed places, int8.
    """

    values: pa.Array = field(repr=False)
    decimals: pa.Array = field(repr=False)


class Misfit(ValueError):
    """
    A text that is not a figure, or a figure with too many digits. ``row`` is its row.
    """

    def __init__(self, message: str, row: int) -> None:
        super().__init__(message)
        self.row = row


def exact_type() -> pa.DataType:
    """
    Return the Arrow type of figures.
    """
    import pyarrow as pa

    return pa.decimal128(DECIMAL_DIGITS, DECIMAL_PLACES)


def read_figures(texts: pa.Array, *, plain: bool = False) -> Figures:
    """
    Read a column of printed figures, nulls included: ``1.50``, ``-3``, ``1.2E-05``.

    *plain* says that the texts are known to be digits with at most a point, so they are not
    checked.

    :raises Misfit: A text is not a figure, or has too many digits.
    """
    import pyarrow as pa

    if (plain or _are_plain(texts)) and _are_short(texts):
        with suppress(pa.ArrowInvalid):  # reported below, text by text
            return Figures(values=texts.cast(exact_type()), decimals=_places(texts))
    return _one_by_one(texts)


def shortest_of_doubles(values: pa.Array) -> pa.Array:
    """
    Return doubles, or texts of doubles, as the shortest texts that read as the same doubles.

    :raises Misfit: A text is not a number, or is not a finite double.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(values.type):
        doubles = values.cast(pa.float64())
    else:
        doubles = read_doubles(values)
    odd = pc.index(pc.is_finite(doubles), False).as_py()
    if odd >= 0:
        msg = f"{values[odd].as_py()!r} is not a finite number"
        raise Misfit(msg, odd)
    distinct = doubles.dictionary_encode()
    texts = pa.array([_shortest(one) for one in distinct.dictionary.to_pylist()], pa.string())
    return texts.take(distinct.indices)


def read_doubles(texts: pa.Array) -> pa.Array:
    """
    Read a column of printed doubles.

    :raises Misfit: A text is not a number.
    """
    import pyarrow as pa

    distinct = texts.cast(pa.string()).dictionary_encode()
    found: list[float] = []
    for place, text in enumerate(distinct.dictionary.to_pylist()):
        if not _NUMBER.fullmatch(text):
            raise _misfit(distinct, place, "is not a number")
        found.append(float(text))
    return pa.array(found, pa.float64()).take(distinct.indices)


def _shortest(double: float | None) -> str | None:
    """Return the shortest text. A double has no trailing zeros: 5.0 is 5."""
    return None if double is None else repr(double).removesuffix(".0")


def fewest_places(values: pa.Array) -> pa.Array:
    """
    Return the fewest possible decimal places, for figures whose printed form is unknown.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = values.cast(pa.string())
    odd = pc.match_substring(texts, "E")  # how Arrow writes very small numbers and zeros
    short = pc.if_else(odd, pa.scalar(None, pa.string()), pc.utf8_rtrim(texts, "0"))
    places = _places(short)
    if pc.any(odd).as_py():
        small = pc.if_else(odd, texts, pa.scalar(None, pa.string())).dictionary_encode()
        needed = [needed_places(Decimal(text)) for text in small.dictionary.to_pylist()]
        places = pc.coalesce(places, pa.array(needed, pa.int8()).take(small.indices))
    return places


def needed_places(number: Decimal) -> int:
    """
    Return how many decimal places a number needs, without trailing zeros.
    """
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int), "a figure is finite"
    text = "".join(map(str, digits)).rstrip("0")
    return max(0, -(exponent + len(digits) - len(text))) if text else 0


def as_printed(value: Decimal, places: int | None) -> Decimal:
    """
    Return a figure with its printed decimal places, or with the fewest if they are unknown.
    """
    count = max(places or 0, needed_places(value))
    return Decimal(f"{value:.{count}f}") if value else Decimal(0).scaleb(-count)


def texts_of(values: pa.Array, decimals: pa.Array | None = None) -> pa.Array:
    """
    Return decimals as printed, such as 14392721.0, or with the fewest places if they are unknown.

    Digits of the value are never removed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = values.cast(pa.string())
    scale = values.type.scale if pa.types.is_decimal(values.type) else 0
    if scale <= 0:
        return texts
    odd = pc.match_substring(texts, "E")
    short = pc.utf8_rtrim(pc.utf8_rtrim(texts, "0"), ".")
    if pc.any(odd).as_py():
        # Arrow writes very small ones as 1.50E-7 and a zero as 0E-18.
        small = pc.if_else(odd, texts, pa.scalar(None, pa.string())).dictionary_encode()
        plain = [f"{as_printed(Decimal(one), None):f}" for one in small.dictionary.to_pylist()]
        short = pc.coalesce(pa.array(plain, pa.string()).take(small.indices), short)
    return short if decimals is None else _lengthened(short, decimals)


def _lengthened(short: pa.Array, decimals: pa.Array) -> pa.Array:
    """Append the printed trailing zeros."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lacking = pc.subtract(decimals, _places(short))
    for count in pc.unique(lacking).to_pylist():
        if count is not None and count > 0:
            zeros = "0" * count
            whole = pc.equal(pc.find_substring(short, "."), -1)
            tail = pc.if_else(whole, pa.scalar(f".{zeros}"), pa.scalar(zeros))
            longer = pc.binary_join_element_wise(short, tail, "")
            chosen = pc.fill_null(pc.equal(lacking, count), False)
            short = pc.if_else(chosen, longer, short)
    return short


def _are_short(texts: pa.Array) -> bool:
    """
    Return whether all numbers fit their type: Arrow silently changes numbers with too many digits.
    """
    import pyarrow.compute as pc

    return (pc.max(pc.binary_length(texts)).as_py() or 0) <= DECIMAL_DIGITS


def _are_plain(texts: pa.Array) -> bool:
    import pyarrow.compute as pc

    return bool(pc.all(pc.match_substring_regex(texts, _PLAIN), min_count=0).as_py())


def _places(texts: pa.Array) -> pa.Array:
    """Count the digits after the point in plain texts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    point = pc.find_substring(texts, ".")
    behind = pc.subtract(pc.subtract(pc.binary_length(texts), point), 1)
    return pc.if_else(pc.less(point, 0), 0, behind).cast(pa.int8())


def _one_by_one(texts: pa.Array) -> Figures:
    import pyarrow as pa

    distinct = texts.cast(pa.string()).dictionary_encode()
    values: list[Decimal] = []
    places: list[int] = []
    for place, text in enumerate(distinct.dictionary.to_pylist()):
        try:
            value, count = read_figure(text)
        except ValueError as error:
            raise _misfit(distinct, place, str(error)) from None
        values.append(value)
        places.append(count)
    return Figures(
        values=pa.array(values, exact_type()).take(distinct.indices),
        decimals=pa.array(places, pa.int8()).take(distinct.indices),
    )


def read_figure(text: str) -> tuple[Decimal, int]:
    """
    Read one printed figure: its value without trailing zeros, and its printed decimal places.

    :raises ValueError: It is not a figure, or has too many digits. The message continues a sentence
        about the text.
    """
    if not _NUMBER.fullmatch(text):
        msg = "is not a figure; expected digits with at most one point, or scientific notation"
        raise ValueError(msg)
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "the pattern has no infinity"
    places = min(max(0, -exponent), MOST_PLACES)
    if not number:
        return Decimal(0), places
    if number.adjusted() >= _WHOLE_DIGITS:
        msg = f"has {number.adjusted() + 1:,} digits before the point; {_ROOM}"
        raise ValueError(msg)
    needed = needed_places(number)
    if needed > DECIMAL_PLACES:
        msg = f"has {needed:,} decimal places; {_ROOM}"
        raise ValueError(msg)
    return Decimal(f"{number:.{needed}f}"), places


def read_double(text: str) -> tuple[Decimal, int]:
    """
    Read the text of a binary double as the shortest decimal that reads as the same double, with its
    decimal places.

    :raises ValueError: It is not a number, or has too many digits.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError("is not a figure; expected the text of a finite double")
    return read_figure(repr(float(text)).removesuffix(".0"))


def _misfit(distinct: pa.DictionaryArray, place: int, why: str) -> Misfit:
    import pyarrow.compute as pc

    text = distinct.dictionary[place].as_py()
    row: int = pc.index(distinct.indices, place).as_py()
    return Misfit(f"{text!r} {why}", row)
