"""Services and the form of their URLs. The table ``services.toml`` lists the known ones."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import quote

import attrs
from attrs import frozen

from statpipe.api import ConfigError, nearest
from statpipe_sdmx.key import Codes, written, written_in_3

Format = Literal["csv", "ml", "json", "any"]

_STRUCTURE = {
    "2.1": "application/vnd.sdmx.structure+xml;version=2.1",
    "3.0": "application/vnd.sdmx.structure+xml;version=3.0.0",
}
_DATA = {
    ("2.1", "csv"): "application/vnd.sdmx.data+csv;version=1.0.0",
    ("2.1", "ml"): "application/vnd.sdmx.structurespecificdata+xml;version=2.1",
    ("2.1", "json"): "application/vnd.sdmx.data+json;version=1.0.0",
    ("3.0", "csv"): "application/vnd.sdmx.data+csv;version=2.0.0",
    ("3.0", "ml"): "application/vnd.sdmx.data+xml;version=3.0.0",
    ("3.0", "json"): "application/vnd.sdmx.data+json;version=2.0.0",
}
_PLAIN = "+.,:@~*"
"""Characters that occur in keys and flows; some services do not accept them escaped."""


@frozen
class Question:
    """
    A request to a service, without the beginning of its URL. ``accept`` is the format.
    """

    path: str
    parameters: Mapping[str, str]
    accept: str


@frozen(kw_only=True)
class Service:
    """
    A service, as described by a line of the table.
    """

    name: str
    url: str
    version: Literal["2.1", "3.0"] = "2.1"
    agency: str = "all"
    structures_of: str = ""
    structures_at: str = ""
    references: str = "descendants"
    formats: tuple[Format, ...] = ("csv", "ml")
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    slash: bool = False
    updated: str = ""
    requests: tuple[tuple[int, int], ...] = ()
    longest_key: int = 1500
    deltas: bool = False
    history: bool = False
    delayed: bool = False

    def structure(self, agency: str, flow: str, version: str, references: str = "") -> Question:
        """
        Return the request for everything that describes a flow, or only for these *references*.
        """
        owner = agency or self.structures_of or self.agency
        below = f"{self.structures_at}/" if self.structures_at else ""
        if self.version == "3.0":
            path = f"structure/dataflow/{owner}/{flow}/{version or '~'}"
        else:
            path = f"{below}dataflow/{owner}/{flow}" + (
                f"/{version or 'latest'}" if not below else ""
            )
        return Question(
            quote(path, safe=f"/{_PLAIN}"),
            {"references": references or self.references},
            _STRUCTURE[self.version],
        )

    def flows(self) -> Question:
        """
        Return the request for the names of all flows.
        """
        owner = self.structures_of or self.agency
        below = f"{self.structures_at}/" if self.structures_at else ""
        if self.version == "3.0":
            path = f"structure/dataflow/{owner}/*/~"
        else:
            path = f"{below}dataflow/{owner}" + ("/all/latest" if not below else "")
        path = quote(path, safe=f"/{_PLAIN}")
        return Question(path, {"detail": "allstubs"}, _STRUCTURE[self.version])

    def data(
        self,
        agency: str,
        flow: str,
        version: str,
        codes: Codes,
        dimensions: Sequence[str],
        *,
        start: str,
        end: str,
        form: Format,
    ) -> Question:
        """
        Return the request for a flow's figures, with the *codes* of each of its *dimensions*.
        """
        asked: dict[str, str] = dict(self.parameters)
        if self.version == "3.0":
            key, several = written_in_3(codes, dimensions)
            path = f"data/dataflow/{agency or self.agency}/{flow}/{version or '~'}/{key}"
            asked |= several
            if start or end:
                bounds = [f"ge:{start}"] * bool(start) + [f"le:{end}"] * bool(end)
                asked["c[TIME_PERIOD]"] = "+".join(bounds)
        else:
            named = f"{agency},{flow},{version or 'latest'}" if agency else flow
            path = f"data/{named}/{written(codes) or 'all'}"
            asked |= {"startPeriod": start} if start else {}
            asked |= {"endPeriod": end} if end else {}
        path = quote(path, safe=f"/{_PLAIN}") + ("/" if self.slash else "")
        return Question(path, asked, _DATA.get((self.version, form), "*/*"))


@cache
def known() -> Mapping[str, Service]:
    """
    Return the known services by their names.
    """
    text = files("statpipe_sdmx").joinpath("services.toml").read_text(encoding="utf-8")
    return {name: _service(line) for name, line in tomllib.loads(text).items()}


def service_named(name: str, where: str) -> Service:
    """
    Return a known service. *where* is the setting that names it.

    :raises ConfigError: No service has this name.
    """
    found = known().get(name.upper())
    if found is None:
        hint = nearest(name, known())
        end = "" if hint.endswith("?") else "."
        msg = f"{where}: no service is named {name!r}{hint}{end} Set `url` for any other service"
        raise ConfigError(msg)
    return found


def _service(line: Mapping[str, Any]) -> Service:
    listed = dict(line)
    for name in ("formats", "requests"):
        if name in listed:
            listed[name] = tuple(
                tuple(one) if isinstance(one, list) else one for one in listed[name]
            )
    return Service(**listed)
