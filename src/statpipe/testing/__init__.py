"""
The test kit: contract tests for plugins.

The contract of a role is a class: inherit it under a name that begins with ``Test``, override its
fixtures, and run pytest. Each failing test says what is wrong and what to do::

    from statpipe.testing import NormalizerContract

    class TestMyNormalizer(NormalizerContract):
        @pytest.fixture
        def normalizer(self): ...

It needs pytest and hypothesis: the extra ``testing``, which every environment made by ``make`` has.
"""

import sys as _sys
from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statpipe.testing.canary import CANARY, redacted, shows
    from statpipe.testing.check_contract import CheckContract
    from statpipe.testing.lake_contract import LakeContract
    from statpipe.testing.local_agency import Answer, LocalAgency, Request
    from statpipe.testing.model_contract import ModelContract
    from statpipe.testing.normalizer_contract import NormalizerContract
    from statpipe.testing.notifier_contract import NotifierContract
    from statpipe.testing.recorder import record_payloads, recorded_payloads
    from statpipe.testing.sink_contract import SinkContract
    from statpipe.testing.snapshots import history_of, observations, snapshot
    from statpipe.testing.source_contract import SourceContract
    from statpipe.testing.store_contract import StoreContract

__all__ = [
    "CANARY",
    "Answer",
    "CheckContract",
    "LakeContract",
    "LocalAgency",
    "ModelContract",
    "NormalizerContract",
    "NotifierContract",
    "Request",
    "SinkContract",
    "SourceContract",
    "StoreContract",
    "history_of",
    "observations",
    "record_payloads",
    "recorded_payloads",
    "redacted",
    "shows",
    "snapshot",
]

_NAMES = {
    "canary": ("CANARY", "redacted", "shows"),
    "check_contract": ("CheckContract",),
    "lake_contract": ("LakeContract",),
    "local_agency": ("Answer", "LocalAgency", "Request"),
    "model_contract": ("ModelContract",),
    "normalizer_contract": ("NormalizerContract",),
    "notifier_contract": ("NotifierContract",),
    "recorder": ("record_payloads", "recorded_payloads"),
    "sink_contract": ("SinkContract",),
    "snapshots": ("history_of", "observations", "snapshot"),
    "source_contract": ("SourceContract",),
    "store_contract": ("StoreContract",),
}
"""Module -> what it is asked for here, and loaded for: a process that only repeats an author's work
needs neither pytest nor hypothesis, which take longer to load than the work takes."""

if not TYPE_CHECKING:  # who checks types should see a name that is not there

    def __getattr__(name: str) -> Any:
        for module, names in _NAMES.items():
            if name in names:
                _refuse_without_pytest()
                return getattr(_import_module(f"{__name__}.{module}"), name)
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)


def _refuse_without_pytest() -> None:
    try:
        import hypothesis  # noqa: F401
        import pytest  # noqa: F401
    except ModuleNotFoundError as error:
        raise ImportError(
            f"statpipe.testing needs {error.name}, which is not installed; install the extra testing of "
            f"statpipe: `make runtime` in its checkout, or {_sys.executable} -m pip install hypothesis pytest"
        ) from None
