"""
The kit that says whether a plugin keeps its promises.

A role's contract is a class: inherit it under a name that begins with ``Test``, override its
fixtures, and run pytest. Each test that fails says in plain words what is wrong and what to do::

    from statpipe.testing import NormalizerContract

    class TestMyNormalizer(NormalizerContract):
        @pytest.fixture
        def normalizer(self): ...

It needs pytest and hypothesis: the extra ``testing``, which every environment made by ``make`` has.
"""

import sys as _sys

try:
    import hypothesis as _hypothesis  # noqa: F401
    import pytest as _pytest  # noqa: F401, PT013
except ModuleNotFoundError as _error:
    raise ImportError(
        f"statpipe.testing needs {_error.name}, which is not installed; install the extra testing of "
        f"statpipe: `make runtime` in its checkout, or {_sys.executable} -m pip install hypothesis pytest"
    ) from None

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
