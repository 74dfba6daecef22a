"""Damage to a payload: errors in transit, or changes by the agency."""

from __future__ import annotations

from statpipe.testing.damage.any_place import any_damage, each_place
from statpipe.testing.damage.damaged import Damage, with_payload
from statpipe.testing.damage.fields import SUFFIX, fields_left_out, renamed_fields
from statpipe.testing.damage.found import ELEMENT, Found, found_figures, record_path
from statpipe.testing.damage.named import in_another_unit, says
from statpipe.testing.damage.no_payload import PAGE, not_payloads
from statpipe.testing.damage.other_figures import (
    BARE,
    DEEP,
    JUNK,
    LONG,
    MARKERS,
    MISGROUPED,
    NO_TEXTS,
    NOTATIONS,
    marked,
    next_figure,
    opposite,
)
from statpipe.testing.damage.repeats import repeated_payload, repeated_records
from statpipe.testing.damage.undecodable import ACCENT, ACCENTED, odd_texts

__all__ = [
    "ACCENT",
    "ACCENTED",
    "BARE",
    "DEEP",
    "ELEMENT",
    "JUNK",
    "LONG",
    "MARKERS",
    "MISGROUPED",
    "NOTATIONS",
    "NO_TEXTS",
    "PAGE",
    "SUFFIX",
    "Damage",
    "Found",
    "any_damage",
    "each_place",
    "fields_left_out",
    "found_figures",
    "in_another_unit",
    "marked",
    "next_figure",
    "not_payloads",
    "odd_texts",
    "opposite",
    "record_path",
    "renamed_fields",
    "repeated_payload",
    "repeated_records",
    "says",
    "with_payload",
]
