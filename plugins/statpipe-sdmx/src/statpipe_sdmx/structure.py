"""The content of a structure message: dimensions and attributes in order, each with its code
list.
"""

from __future__ import annotations

import hashlib
import re

from attrs import frozen

from statpipe.api import Code

TIME, VALUE = "TIME_PERIOD", "OBS_VALUE"
STATUS, CONFIDENTIAL, MULTIPLIER = "OBS_STATUS", "CONF_STATUS", "UNIT_MULT"
FLAG = "OBS_FLAG"
"""Eurostat's name of the status attribute, which has Eurostat's own letters."""
UNITS = ("UNIT_MEASURE", "UNIT", "UNITS")
MEASURE = "MEASURE"
"""The dimension for several measures; ``OBS_MEASURE`` if the flow has one of this name."""
AREAS = ("REF_AREA", "GEO", "COUNTRY", "LOCATION", "REPORTING_COUNTRY")
"""Names of area dimensions, in the order of search if no role identifies one."""


def safe_name(flow: str) -> str:
    """
    Return the name of a flow's dataset: the names of some agencies' flows contain an @.
    """
    return re.sub(r"[^A-Za-z0-9_-]", "_", flow)


@frozen(kw_only=True)
class Item:
    """
    A dimension or an attribute: its identifier, its name, its code list and its roles. ``is_partial`` says that the list
    leaves out codes, as the service says itself.
    """

    id: str
    name: str
    codes: tuple[Code, ...] = ()
    roles: frozenset[str] = frozenset()
    is_partial: bool = False


@frozen(kw_only=True)
class Structure:
    """
    The structure of a flow. ``dimensions`` are all except the time, in the order of keys.

    ``version`` and ``agency`` are those of the data structure; ``flow``, ``owner``, ``flow_version`` and ``name`` are the
    flow's identifier, agency, version and title. ``measures`` may be empty: then there is one, ``OBS_VALUE``.
    """

    agency: str
    id: str
    version: str
    name: str
    flow: str
    owner: str = ""
    flow_version: str = ""
    dimensions: tuple[Item, ...]
    attributes: tuple[Item, ...] = ()
    measures: tuple[Item, ...] = ()
    time: str = TIME

    def digest(self, area: Item | None) -> str:
        """
        Return a hash of the whole structure, in hexadecimal. Every change of a name or code changes
        it.
        """
        items = (*self.dimensions, *self.attributes, *self.measures)
        listed = [
            (one.id, one.name, sorted((c.code, c.name, c.parent or "") for c in one.codes))
            for one in items
        ]
        text = repr((self.name, self.time, area.id if area else "", listed))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def measure_ids(self) -> tuple[str, ...]:
        """
        The columns of figures.
        """
        return tuple(one.id for one in self.measures) or (VALUE,)

    @property
    def measured(self) -> Item | None:
        """
        The dimension of several measures, with a code for each. It is not part of keys.
        """
        if len(self.measures) <= 1:
            return None
        taken = any(one.id.upper() == MEASURE for one in self.dimensions)
        codes = tuple(Code(code=one.id, name=one.name) for one in self.measures)
        return Item(id=f"OBS_{MEASURE}" if taken else MEASURE, name="Measure", codes=codes)

    def categories(self, area: Item | None) -> tuple[Item, ...]:
        """
        The dimensions that form the category: all except frequency and area, plus that of measures.
        """
        left = {one.id for one in (self.frequency, area) if one is not None}
        others = tuple(one for one in self.dimensions if one.id not in left)
        return others if self.measured is None else (*others, self.measured)

    @property
    def frequency(self) -> Item | None:
        """
        The frequency dimension, found by its role or its name.
        """
        return _by(self.dimensions, "FREQ", ("FREQ",))

    def area(self, named: str = "") -> Item | None:
        """
        Return the area dimension: the one *named*, or else found by its role or its name.
        """
        if named:
            return next((one for one in self.dimensions if one.id == named), None)
        return _by(self.dimensions, "GEO", AREAS)


def _by(items: tuple[Item, ...], role: str, names: tuple[str, ...]) -> Item | None:
    for one in items:
        if role in one.roles:
            return one
    for name in names:
        for one in items:
            if one.id.upper() == name:
                return one
    return None
