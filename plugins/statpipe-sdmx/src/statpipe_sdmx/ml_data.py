"""Data messages in SDMX-ML, structure-specific and generic, 2.1 and 3.0, as columns of text.

Structure-specific::                               Generic::

    <DataSet action="Replace" TITLE="...">             <DataSet>
      <Group CURRENCY="CHF" TITLE="..."/>                <Group><GroupKey><Value id= value=/></GroupKey>
      <Series FREQ="M" CURRENCY="CHF" DECIMALS="4">      <Series><SeriesKey>..</SeriesKey><Attributes>..
        <Obs TIME_PERIOD="2010-08" OBS_VALUE="1.34"/>      <Obs><ObsDimension value=/><ObsValue value=/>

A group applies to all series that have its codes; its other values are attributes of these series.
In 3.0, it is called ``Atts``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from statpipe.api import ContentError, NoData, Payload
from statpipe_sdmx.actions import ACTION
from statpipe_sdmx.history import FROM, SET, TO
from statpipe_sdmx.observations import Observations
from statpipe_sdmx.parts import TooMuch
from statpipe_sdmx.safe_xml import Begin, parse

if TYPE_CHECKING:
    import pyarrow as pa

VALUE, TIME = "OBS_VALUE", "TIME_PERIOD"

_OF_THE_MESSAGE = frozenset(
    [
        "action",
        "dataScope",
        "publicationPeriod",
        "publicationYear",
        "reportingBeginDate",
        "reportingEndDate",
        "setID",
        "structureRef",
        "validFromDate",
        "validToDate",
    ]
)
"""Attributes of a data set that belong to the message and not to the data."""

_TECHNICAL = {"action": ACTION, "validFromDate": FROM, "validToDate": TO}

_AROUND = frozenset(
    [
        "Annotation",
        "AnnotationText",
        "AnnotationTitle",
        "AnnotationType",
        "AnnotationURL",
        "AnnotationURLs",
        "AnnotationValue",
        "Annotations",
        "Attributes",
        "DataProvider",
        "GroupKey",
        "ObsKey",
        "Ref",
        "SeriesKey",
        "StructuredText",
        "Text",
        "URN",
    ]
)
"""Elements of a data set that contain others, or describe it."""

_EXPECTED = "Group, Series and Obs, as in SDMX-ML 2.1 and 3.0"
_NO_RESULTS = "100"
_TOO_LARGE = frozenset(["130", "413", "510"])
"""Codes of the standard, and HTTP's. The answer is cut off, whatever its severity is called."""

_ERRORS = frozenset(["110", "140", "150", "500", "501", "503", "1000"])
"""Codes of the standard that are errors, if a message does not say so itself."""


def read_ml(payload: Payload) -> pa.Table:
    """
    Return the observations of a message: a column of text for each dimension, attribute and measure.

    :raises ContentError: The message is not SDMX-ML with data, or it reports an error.
    :raises TooMuch: The agency says that the answer would be too large.
    """
    reader = _Reader(payload)
    parse(payload, reader.begins, reader.ends, reader.texts, reader.other)
    reader.finish()
    return reader.observations.table()


class _Reader:
    def __init__(self, payload: Payload) -> None:
        self._payload = payload
        self.observations = Observations()
        self._groups: list[dict[str, str]] = []
        self._dataset: dict[str, str] = {}
        self._filled = self._dataset  # in the generic form: what a value belongs to
        self._series: dict[str, str] | None = None
        self._obs: dict[str, str] | None = None
        self._group: dict[str, str] | None = None
        self._at_observation = TIME
        self._seen_data = self._told = self._in_dataset = self._groups_know_observations = False
        self._component, self._datasets = "", 0
        self._clean: set[str] = set()
        self._footer: list[tuple[str, str, list[str]]] = []
        self.begins: dict[str, Begin] = {
            "Atts": self._begin_group,
            "Comp": self._begin_component,
            "DataSet": self._begin_dataset,
            "ErrorMessage": self._begin_error,
            "Group": self._begin_group,
            "Message": self._begin_message,
            "Obs": self._begin_observation,
            "ObsDimension": self._observation_dimension,
            "ObsValue": self._observation_value,
            "Series": self._begin_series,
            "Structure": self._header_structure,
            "Value": self._value,
        }
        self.ends = {
            "Atts": self._end_group,
            "DataSet": self._end_dataset,
            "Group": self._end_group,
            "Obs": self._end_observation,
            "Series": self._end_series,
        }
        self.texts = {"Comp": self._component_values, "Text": self._footer_text}

    def other(self, name: str) -> Begin:
        """
        Return the handler of an unknown element: it does nothing, unless the element is among the
        data.
        """

        def refuse(_: dict[str, str]) -> None:
            if self._in_dataset:
                msg = (
                    f"payload {self._payload.name}: unexpected element {name} in the data; "
                    f"expected {_EXPECTED}"
                )
                raise ContentError(msg, payload=self._payload)

        return _pass_over if name in _AROUND else refuse

    def finish(self) -> None:
        """
        Refuse a message that reports an error or has no data.
        """
        for code, severity, texts in self._footer:
            said = " ".join(" ".join(texts).split())[:300]
            if code in _TOO_LARGE:
                msg = (
                    f"payload {self._payload.name}: the agency says that the request is too "
                    f"large ({said}); narrow `key`, or set `start`"
                )
                raise TooMuch(msg)
            if code == _NO_RESULTS and severity.lower() == "error":
                msg = f"{self._payload.name}: the service has no data ({said}); check `flow` and `key`, and whether figures exist between `start` and `end`"
                raise NoData(msg)
            if severity.lower() == "error" or (not severity and code in _ERRORS):
                msg = f"payload {self._payload.name}: the answer ends with error {code} ({said}); it may be incomplete: run again"
                raise ContentError(msg, payload=self._payload)
        if not self._seen_data:
            msg = f"payload {self._payload.name}: an XML message without a data set; expected SDMX-ML data"
            raise ContentError(msg, payload=self._payload)

    def _begin_dataset(self, attributes: dict[str, str]) -> None:
        self._seen_data = True
        self._dataset = self._filled = {
            name: text
            for name, text in self._own(attributes).items()
            if name not in _OF_THE_MESSAGE
        }
        for name, text in attributes.items():
            column = _TECHNICAL.get(name.rpartition(":")[2])
            if column is not None:
                self._dataset[column] = text
        self._datasets += 1
        if FROM in self._dataset or TO in self._dataset:
            self._dataset[SET] = str(self._datasets)
        self._groups = []
        self._groups_know_observations = False
        self._series = None
        self._in_dataset = True

    def _end_dataset(self) -> None:
        self._in_dataset = False

    def _begin_series(self, attributes: dict[str, str]) -> None:
        self._series = self._filled = self._dataset | self._own(attributes)
        self._told = False

    def _end_series(self) -> None:
        self._filled, self._series = self._dataset, None

    def _begin_group(self, attributes: dict[str, str]) -> None:
        self._group = self._filled = self._own(attributes)
        self._group.pop("type", None)  # the name of a kind of group

    def _end_group(self) -> None:
        group = self._group or {}
        self._groups.append(group)
        # A group's key may include the dimension of the observation.
        self._groups_know_observations |= self._at_observation in group
        self._filled, self._group = self._dataset, None

    def _begin_observation(self, attributes: dict[str, str]) -> None:
        self._obs = self._filled = self._own(attributes)
        measured = attributes.get("xsi:type", "").rpartition(":")[2]
        if measured not in {"", "ObsType"}:
            # The older form of several measures: the type of the element is the code of the
            # measure.
            self._obs.setdefault(self._at_observation, measured)

    def _observation_value(self, attributes: dict[str, str]) -> None:
        if self._obs is not None and "value" in attributes:
            self._obs[VALUE] = attributes["value"]

    def _observation_dimension(self, attributes: dict[str, str]) -> None:
        if self._obs is not None:
            name = attributes.get("id", self._at_observation)
            self._obs[name] = attributes.get("value", "")

    def _header_structure(self, attributes: dict[str, str]) -> None:
        self._at_observation = attributes.get("dimensionAtObservation", self._at_observation)

    def _begin_message(self, attributes: dict[str, str]) -> None:
        self._footer.append((attributes.get("code", ""), attributes.get("severity", ""), []))

    def _begin_error(self, attributes: dict[str, str]) -> None:
        """The answer is nothing but an error."""
        self._footer.append((attributes.get("code", ""), "error", []))

    def _footer_text(self, texts: list[str]) -> None:
        if self._footer:
            self._footer[-1][2].extend(texts)

    def _begin_component(self, attributes: dict[str, str]) -> None:
        self._component = attributes.get("id", "")

    def _component_values(self, texts: list[str]) -> None:
        """Begin an attribute of 3.0, which may have several values, or one in several languages."""
        if self._component and texts:
            self._filled[self._component] = "; ".join(texts)
        self._component = ""

    def _value(self, attributes: dict[str, str]) -> None:
        """
        Read a key or an attribute of the generic form; in 3.0, one of several values of an
        attribute.
        """
        name = attributes.get("id")
        if name is not None:
            self._filled[name] = attributes.get("value", "")

    def _end_observation(self) -> None:
        obs, self._obs = self._obs or {}, None
        self._filled = self._dataset if self._series is None else self._series
        if self._series is None or self._groups_know_observations:
            whole = (self._series or self._dataset) | obs
            self.observations.begin_series(self._of_groups(whole))
            self.observations.add(whole)
            return
        if not self._told:
            self._told = True
            self.observations.begin_series(self._series | self._of_groups(self._series))
        self.observations.add(obs)

    def _of_groups(self, whole: Mapping[str, str]) -> dict[str, str]:
        """Return the values that groups add to a series with their codes."""
        found: dict[str, str] = {}
        for group in self._groups:
            shared = group.keys() & whole.keys()
            if shared and all(group[name] == whole[name] for name in shared):
                found |= {name: text for name, text in group.items() if name not in shared}
        return found

    def _own(self, attributes: dict[str, str]) -> dict[str, str]:
        """Leave out attributes of XML itself. Each name is only examined once."""
        if attributes.keys() <= self._clean:
            return attributes
        own = {
            name: text for name, text in attributes.items() if ":" not in name and name != "xmlns"
        }
        self._clean |= own.keys()
        return own


def _pass_over(_: dict[str, str]) -> None:
    """Ignore an element that only contains others."""
