"""What somebody may change or add by hand in an environment's account, resource by resource."""

from support.drifts import additions, buckets, database, identity, network, watching
from support.drifts.site import DRIFTS, STRANGE, Site

__all__ = [
    "DRIFTS",
    "STRANGE",
    "Site",
    "additions",
    "buckets",
    "database",
    "identity",
    "network",
    "watching",
]
