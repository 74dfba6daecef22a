"""What distributions say that they need, and what that needs in turn."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def needed(requirements: Iterable[str]) -> dict[str, Distribution]:
    """
    Follow *requirements*, as pip writes them with their extras, through what is installed here.

    They must be satisfied: what is declared, and not installed in a fitting version, is an error.
    """
    found: dict[str, Distribution] = {}
    followed: set[str] = set()
    waiting = list(requirements)
    while waiting:
        one = Requirement(waiting.pop())
        extras = one.extras or {""}
        if one.marker is not None and not any(one.marker.evaluate({"extra": e}) for e in extras):
            continue
        here = distribution(one.name)
        assert one.specifier.contains(here.version, prereleases=True), f"{one}: {here.version}"
        found[canonicalize_name(one.name)] = here
        for extra in {"", *one.extras}:
            key = f"{canonicalize_name(one.name)}[{extra}]"
            if key not in followed:
                followed.add(key)
                waiting += _of(here, extra)
    return found


def _of(here: Distribution, extra: str) -> Iterable[str]:
    for text in here.requires or ():
        one = Requirement(text)
        if one.marker is None:
            asked = not extra
        else:
            without, with_it = (one.marker.evaluate({"extra": e}) for e in ("", extra))
            asked = without if not extra else with_it and not without
        if asked:
            one.marker = None
            yield str(one)
