"""Everything that a plugin author imports: the roles, the value types, and the hook markers.

A plugin is a distribution with an entry point in the group ``statpipe`` whose value is a module.
The module implements hooks of :mod:`statpipe.api.hookspecs`::

    from statpipe.api import Component, hookimpl

    @hookimpl
    def statpipe_sources():
        return [Component(name="my_agency", summary="...", settings=MySettings, factory=make)]

Names that need pyarrow load it when they are called, so importing a plugin's module stays cheap.
"""

from statpipe.api.check import Check
from statpipe.api.component import Component, Instance, NoSettings, secret
from statpipe.api.database import Database, How, Rows
from statpipe.api.diagnosis import Diagnosis
from statpipe.api.events import (
    CheckFinished,
    PartitionWritten,
    PayloadReceived,
    RunFinished,
    RunStarted,
    VintageFound,
)
from statpipe.api.lake import Lake
from statpipe.api.markers import hookimpl
from statpipe.api.normalizer import Normalizer, RowNormalizer
from statpipe.api.normalizer_at import normalizer_at
from statpipe.api.notifier import Notifier
from statpipe.api.sink import Sink
from statpipe.api.source import Source
from statpipe.domain.chosen import chosen
from statpipe.domain.dataset import Agreement, Area, Category, Dataset
from statpipe.domain.dimension import Code, Dimension
from statpipe.domain.environment import Environment
from statpipe.domain.errors import (
    ConfigError,
    ContentError,
    Locked,
    NoData,
    PluginError,
    Rejected,
    StatpipeError,
    Unavailable,
)
from statpipe.domain.fault import Fault
from statpipe.domain.figure import exact
from statpipe.domain.manifest import BronzeObject, Held, Manifest, Origin, VintageRecord
from statpipe.domain.model import Column, Model
from statpipe.domain.nearest import nearest
from statpipe.domain.observation import observation, observations_from_rows
from statpipe.domain.partition import Layer, Part, Partition, PartitionKey, Receipt
from statpipe.domain.payload import Payload
from statpipe.domain.reading_payloads import reading
from statpipe.domain.secret import Secret
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.verdict import SHOWN_CELLS, CheckResult, Severity, Snapshot
from statpipe.domain.vintage import Basis, Vintage, undated
from statpipe.domain.whole_key import selected

__all__ = [
    "EVERYTHING",
    "SHOWN_CELLS",
    "Agreement",
    "Area",
    "Basis",
    "BronzeObject",
    "Category",
    "Check",
    "CheckFinished",
    "CheckResult",
    "Code",
    "Column",
    "Component",
    "ConfigError",
    "ContentError",
    "Database",
    "Dataset",
    "Diagnosis",
    "Dimension",
    "Environment",
    "Fault",
    "Held",
    "How",
    "Instance",
    "Lake",
    "Layer",
    "Locked",
    "Manifest",
    "Model",
    "NoData",
    "NoSettings",
    "Normalizer",
    "Notifier",
    "Origin",
    "Part",
    "Partition",
    "PartitionKey",
    "PartitionWritten",
    "Payload",
    "PayloadReceived",
    "PluginError",
    "Receipt",
    "Rejected",
    "RowNormalizer",
    "Rows",
    "RunFinished",
    "RunStarted",
    "Secret",
    "Selection",
    "Severity",
    "Sink",
    "Snapshot",
    "Source",
    "StatpipeError",
    "Unavailable",
    "Vintage",
    "VintageFound",
    "VintageRecord",
    "chosen",
    "exact",
    "hookimpl",
    "nearest",
    "normalizer_at",
    "observation",
    "observations_from_rows",
    "reading",
    "secret",
    "selected",
    "undated",
]
