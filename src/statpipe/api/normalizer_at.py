"""A normalizer by its import path, without a hook; it may be a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from statpipe.api.normalizer import Normalizer, RowNormalizer
from statpipe.domain.dataset import Dataset
from statpipe.domain.errors import PluginError
from statpipe.domain.payload import Payload


def normalizer_at(place: str) -> Normalizer:
    """
    Return the normalizer at an import path, such as ``"my_agency.tea:rows"``: a class of
    normalizers, or a function as
    :meth:`statpipe.api.RowNormalizer.rows`, of the dataset and a payload.

    A function that now reads the same payloads differently needs a new version: write
    ``rows.version = "2"`` below it.

    :raises PluginError: There is no normalizer at this path.
    """
    module, _, name = place.partition(":")
    try:
        found: Any = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        msg = f"the normalizer {place} cannot be loaded ({error}); correct `normalizer` of its Dataset"
        raise PluginError(msg) from error
    try:
        made = found() if isinstance(found, type) else _Function(found)
    except TypeError as error:
        msg = f"the normalizer {place} cannot be made without settings ({error}); let statpipe_normalizers offer it"
        raise PluginError(msg) from error
    if not isinstance(made, Normalizer) or not callable(found):
        msg = f"the normalizer {place} is {found!r}; expected a class of normalizers or a function of (dataset, payload)"
        raise PluginError(msg)
    if not isinstance(made.version, str) or not made.version.strip():
        msg = f'the normalizer {place} has the version {made.version!r}; expected text, such as "1"'
        raise PluginError(msg)
    return made


class _Function(RowNormalizer):
    """
    Yields the rows of a function.
    """

    def __init__(self, function: Callable[[Dataset, Payload], Iterable[Mapping[str, Any]]]) -> None:
        self._function = function
        self.version = getattr(function, "version", "1")
        # Whose code it is: the contract kit watches its module.
        self.__module__ = getattr(function, "__module__", self.__module__)

    def rows(self, dataset: Dataset, payload: Payload) -> Iterable[Mapping[str, Any]]:
        return self._function(dataset, payload)
