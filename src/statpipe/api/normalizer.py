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
    A pure function of bytes: no clock, no network, no files, the same table each time.

    Objects must be picklable, since the engine may run them in another process.
    """

    version: str = "1"
    """Raise it when the same payloads give another table: what depends on it is then made anew."""

    def describe(self, dataset: Dataset, payloads: Sequence[Payload]) -> Dataset:  # noqa: ARG002
        """
        Return the dataset with the areas, categories and dimensions that its payloads describe.

        A source brings code lists as payloads that are marked as ``structure``; they are kept in Bronze
        with the vintage. What the plugin knows beyond them, such as a hierarchy, is added here.

        :raises ContentError: A structure is malformed or contradicts itself.
        """
        return dataset

    @abstractmethod
    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        """
        Return one row per figure with ``ref_area``, ``category``, ``time_period``, ``obs_value``.

        ``obs_status``, ``source_symbol``, ``notes`` and any other Silver column may be there too;
        what is left out comes from the dataset's code lists. A figure is an exact decimal; a missing
        one is null and has an ``obs_status`` other than ``A``. Only ``dataset.selection`` is wanted:
        :func:`statpipe.api.selected` leaves out the rest.

        Where the dataset has dimensions, each has a column of codes, and ``category`` may be left out: it
        is made of them, and its title of their names. So may ``ref_area`` where there are no areas.

        *dataset* is what :meth:`describe` returned. Return rows of codes that it does not list, too, with
        the name that the payload prints in ``category_name``, ``geo_name`` or a dimension's column of names,
        such as ``currency_name``, and their unit in ``unit_measure``: they are loaded as described there, and
        the engine warns of them by that name. Rows of other codes may leave these columns empty.
        Where the payload says what each area is a part of, the column ``area_parent`` may hold that code: the
        engine warns where the code list says otherwise.
        Without a name they are refused.

        :raises ContentError: A payload is malformed; the text names payload, place and what was
            expected.
        """


class RowNormalizer(Normalizer):
    """
    A normalizer that gives its rows one by one: less to write, and fast enough for small payloads.
    """

    @abstractmethod
    def rows(self, dataset: Dataset, payload: Payload) -> Iterable[Mapping[str, Any]]:
        """
        Give a mapping for each figure of a payload, as :func:`statpipe.api.observations_from_rows` takes it.

        A wrong key, type or value that is met meanwhile becomes a ``ContentError`` that names the payload; see
        :func:`statpipe.api.reading`. Payloads that are a structure are left to :meth:`describe`.
        """

    def normalize(self, dataset: Dataset, payloads: Sequence[Payload]) -> pa.Table:
        """
        Return the rows of all payloads, as far as they are selected.

        :raises ContentError: A payload is malformed, or there is no figure at all.
        """
        found: list[Mapping[str, Any]] = []
        for payload in payloads:
            if not payload.structure:
                with reading(payload, f"figures of {dataset.name}"):
                    found += self.rows(dataset, payload)
        if not found:
            names = ", ".join(payload.name for payload in payloads) or "none"
            msg = f"dataset {dataset.name}: no figures in its payloads ({names}); expected at least one"
            raise ContentError(msg)
        return selected(observations_from_rows(found, doubles=dataset.doubles), dataset)
