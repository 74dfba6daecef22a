"""The client of BEA's Data API: the protocol, and nothing about tables.

It is imported only by a run that asks the API, since it loads httpx.
"""

from statpipe.api.http import Limits, Patience
from statpipe_bea.api.client import BeaClient

__all__ = [
    "BeaClient",
    "Limits",
    "Patience",
]
