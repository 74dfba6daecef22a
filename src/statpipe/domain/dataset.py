"""A dataset and its code lists: what an agency publishes under one name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, get_args

from attrs import converters, field, frozen, validators

from statpipe.domain.dimension import Code, Dimension, refuse_circle, refuse_twice
from statpipe.domain.errors import ContentError
from statpipe.domain.name import must_be_name
from statpipe.domain.observation import KEY
from statpipe.domain.period import JANUARY, Frequency, refuse_unknown_frequencies
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.text import holdable, holdable_code

_MAY_ADD_UP = ("ref_area", "category")


@frozen(kw_only=True)
class Area:
    """
    One entry of the code list of areas.

    ``code`` is for analysts (``CA``). ``geo_fips`` is the agency's code (``06000``), if it is
    different, and ``iso_3166`` the code in ISO 3166-1 or -2 (``US-CA``), if there is one.
    ``parent`` is the code of the area that contains this one, and ``level`` is the kind of area
    (``country``, ``region``, ``state``).

    :raises ContentError: No sink can hold the code.
    """

    code: str = field(converter=holdable_code)
    name: str = field(converter=holdable)
    level: str = field(converter=holdable_code)
    geo_fips: str = field(default="", converter=holdable_code)
    iso_3166: str | None = field(default=None, converter=converters.optional(holdable_code))
    parent: str | None = field(default=None, converter=converters.optional(holdable_code))


@frozen(kw_only=True)
class Category:
    """
    One entry of the code list of categories, such as a line of a table.

    ``sign`` is -1 if the figure is subtracted in the sum of its ``parent``. If ``areas`` is not
    empty, the agency only publishes the category for these areas.

    :raises ContentError: No sink can hold the code.
    """

    code: str = field(converter=holdable_code)
    name: str = field(converter=holdable)
    unit_measure: str = field(converter=holdable)
    unit_mult: int = 0
    parent: str | None = field(default=None, converter=converters.optional(holdable_code))
    sign: int = 1
    areas: tuple[str, ...] = ()


@frozen(kw_only=True)
class Agreement:
    """
    Categories that the agency publishes in two datasets with the same figures.

    ``pairs`` maps this dataset's category codes to those of ``dataset``.
    """

    dataset: str
    pairs: tuple[tuple[str, str], ...]


def _one_frequency(dataset: Any, _attribute: Any, freq: object) -> None:
    where = f"dataset {dataset.name}"
    refuse_unknown_frequencies(where, freq)
    if freq not in get_args(Frequency):
        msg = (
            f"{where}: freq is {freq!r}; expected one code, for rows without a value in the "
            "normalizer's column freq"
        )
        raise ValueError(msg)


def _adds_up_over(dataset: Any, _attribute: Any, additive: Iterable[str]) -> None:
    unknown = [] if isinstance(additive, str) else sorted(set(additive) - set(_MAY_ADD_UP))
    if unknown or isinstance(additive, str):
        msg = (
            f"dataset {dataset.name}: additive is {additive!r}; expected a frozenset of "
            f"{' and '.join(map(repr, _MAY_ADD_UP))}"
        )
        raise ValueError(msg)


@frozen(kw_only=True)
class Dataset:
    """
    What an agency publishes under one name, with the code lists that describe it.

    ``normalizer`` is the name of the component that reads the payloads, or the path of a normalizer
    class or of a function that returns the rows of a payload, such as ``"my_agency.tea:rows"``.
    ``freq`` is the frequency of rows for which the normalizer returns none in a column ``freq``.
    ``reporting_year_start`` is the day on which the agency's years begin, in SDMX's form:
    ``--07-01``. ``additive`` lists the dimensions (``ref_area``, ``category``) over which figures
    add up: per-capita figures and ratios do not add up over areas. ``precision`` is one unit of the
    last digit that the agency prints: a sum may be off by half of it for each figure.
    ``valid_range`` limits every figure. ``dimensions`` are further parts of the key, in the order
    of the agency's structure. A category then joins their codes with points, unless the normalizer
    returns the agency's own identifier. A source without code lists leaves them empty. Figures
    without an area have the area ``_Z``. ``doubles`` says that the agency publishes binary doubles,
    such as ``0.30000000000000004`` in JSON: each becomes the shortest decimal that reads as the
    same double.

    :raises ContentError: A code list has a code twice or contains a cycle, or a dimension occurs
        twice.
    :raises ValueError: The frequency is unknown, or ``additive`` has another name.
    """

    name: str = field(
        validator=must_be_name(
            "dataset",
            r"[A-Za-z0-9][A-Za-z0-9_-]*",
            "letters, digits, underscores and hyphens, such as 'T1'",
        )
    )
    title: str = field(converter=holdable)
    normalizer: str
    freq: Frequency = field(default="A", validator=_one_frequency)
    areas: tuple[Area, ...] = field(default=(), repr=False)
    categories: tuple[Category, ...] = field(default=(), repr=False)
    additive: frozenset[str] = field(default=frozenset(), validator=_adds_up_over)
    precision: Decimal = Decimal("0.1")
    valid_range: tuple[Decimal, Decimal] | None = None
    agreements: tuple[Agreement, ...] = field(default=(), repr=False)
    dimensions: tuple[Dimension, ...] = ()
    doubles: bool = False
    reporting_year_start: str = field(
        default=JANUARY, validator=validators.matches_re("--(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])")
    )
    selection: Selection = EVERYTHING

    def __attrs_post_init__(self) -> None:
        where = f"dataset {self.name}"
        refuse_twice(where, "dimension", (one.id for one in self.dimensions))
        columns: dict[str, str] = {}
        for one in self.dimensions:
            other = columns.setdefault(one.column, one.id)
            if other != one.id:
                msg = (
                    f"{where}: the dimensions {other} and {one.id} would both become the column "
                    f"{one.column}; give one of them another identifier in the source"
                )
                raise ContentError(msg)
        lists: list[tuple[str, Sequence[Area | Category | Code]]] = [
            ("list of areas", self.areas),
            ("list of categories", self.categories),
            *((f"code list of {one.id}", one.codes) for one in self.dimensions),
        ]
        for what, codes in lists:
            refuse_twice(where, f"in the {what}, code", (one.code for one in codes))
            refuse_circle(where, what, {one.code: one.parent for one in codes})

    @property
    def key(self) -> tuple[str, ...]:
        """
        The columns that identify an observation, the same for every dataset.
        """
        return KEY

    def area(self, code: str) -> Area | None:
        """
        Return the area with this code, or ``None``.
        """
        return next((area for area in self.areas if area.code == code), None)
