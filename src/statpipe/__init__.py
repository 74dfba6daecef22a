"""
statpipe brings official statistics from the agency into a lakehouse and into PostgreSQL.

For analysts::

    import statpipe

    frame = statpipe.read("pce_state", as_of="2021-01-01", ref_area="CA").to_pandas()

Nothing heavy is loaded before one of these functions is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statpipe.reading import (
        Figures,
        Lakehouse,
        describe,
        diff,
        explain,
        models,
        open,  # noqa: A004 - as in `statpipe.open("prod")`
        read,
        releases,
        revision_statistics,
        revisions,
        search,
        vintages,
    )

__version__ = "0.1.0"

__all__ = [
    "Figures",
    "Lakehouse",
    "describe",
    "diff",
    "explain",
    "models",
    "open",
    "read",
    "releases",
    "revision_statistics",
    "revisions",
    "search",
    "vintages",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from statpipe import reading

        return getattr(reading, name)
    msg = f"module 'statpipe' has no attribute {name!r}"
    raise AttributeError(msg)
