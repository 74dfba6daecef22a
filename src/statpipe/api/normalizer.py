"""The role that turns payloads into observations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from statpipe.domain.dataset import Dataset
from statpipe.domain.errors import ContentError
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.payload import Payload
from statpipe.domain.reading_payloads import reading
from statpipe.domain.whole_key import selected

if TYPE_CHECKING:
    import pyarrow as pa


class Normalizer(ABC):
    """
    A pure function of bytes: no clock, no network, no files, and the same table every time.

    Objects must be picklable, because the engine may run them in another process.
    """

    version: str = "1"
    """
    Increase it when the same payloads yield a different table: everything that depends on it is
    then rebuilt.
    """

    def describe(self, dataset: Dataset, payloads: Sequence[Payload]) -> Dataset:  # noqa: ARG002
        """
        Return the dataset with the areas, categories and dimensions that its payloads describe.

        A source delivers code lists as payloads marked as ``structure``; they are kept in Bronze
        with the vintage. Anything else that the plugin knows, such as a hierarchy, is added here.

        :raises ContentError: A structure is malformed or contradicts itself.
        """
        return dataset

    @abstractmethod
    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        """
        Return one row per figure with ``ref_area``, ``category``, ``time_period``, ``obs_value``.

        ``obs_status``, ``source_symbol``, ``notes`` and any other Silver column may be given too;
        other values come from the dataset's code lists. A figure is an exact decimal; a missing one
        is null and has an ``obs_status`` other than ``A``. Only ``dataset.selection`` is wanted:
        :func:`statpipe.api.selected` leaves out the rest.

        If the dataset has dimensions, each has a column of codes, and ``category`` may be left out:
        it is made of the codes, and its title of their names. ``ref_area`` may be left out if there
        are no areas.

        *dataset* is what :meth:`describe` returned. Return rows of codes that it does not list, too, with
        the name that the payload prints in ``category_name``, ``geo_name`` or a dimension's column
        of names, such as ``currency_name``, and their unit in ``unit_measure``: they are loaded as
        described there, and the engine warns about them by that name. Rows of other codes may leave
        these columns empty. Codes without a name are refused. If the payload gives the parent of
        each area, the column ``area_parent`` may hold its code: the engine warns if the code list
        disagrees.

        :raises ContentError: A payload is malformed; the text names payload, place and what was
            expected.
        """


class RowNormalizer(Normalizer):
    """
    A normalizer that yields rows one by one: less to write, and fast enough for small payloads.
    """

    @abstractmethod
    def rows(self, dataset: Dataset, payload: Payload) -> Iterable[Mapping[str, Any]]:
        """
        Yield a mapping for each figure of a payload, as :func:`statpipe.api.observations_from_rows`
        expects.

        A wrong key, type or value becomes a ``ContentError`` that names the payload; see
        :func:`statpipe.api.reading`. Payloads that are a structure are left to :meth:`describe`.
        """

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        """
        Return the selected rows of all payloads.

        :raises ContentError: A payload is malformed, or there are no figures.
        """
        found: list[Mapping[str, Any]] = []
        for payload in payloads:
            if not payload.structure:
                with reading(payload, f"figures of {dataset.name}"):
                    found += self.rows(dataset, payload)
        if not found:
            names = ", ".join(payload.name for payload in payloads) or "none"
            msg = (
                f"dataset {dataset.name}: its payloads ({names}) contain no figures; expected at "
                "least one"
            )
            raise ContentError(msg)
        return selected(observations_from_rows(found, doubles=dataset.doubles), dataset)
