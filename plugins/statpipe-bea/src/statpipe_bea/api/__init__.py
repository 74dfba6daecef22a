"""The client of BEA's Data API: the protocol, and nothing about tables.

It loads httpx, so only a run that calls the API imports it.
"""

from statpipe.api.http import Limits, Patience
from statpipe_bea.api.client import BeaClient

__all__ = [
    "BeaClient",
    "Limits",
    "Patience",
]
