"""BLS's flat files: lists of codes, and complete tables of figures. BLS requires contact
details.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from statpipe.api import ConfigError, ContentError, Dataset, Payload, Rejected
from statpipe.api.http import Answer, Client, Limits
from statpipe_bls.settings import BlsSettings
from statpipe_bls.survey import AREA, Survey

MEBIBYTE = 1024 * 1024
LARGEST = 1024 * MEBIBYTE
"""In bytes. The file with all series of state and area employment had 543 million in 2026."""
_REMEMBERED = 16 * MEBIBYTE
_BURST = Limits(requests=10, seconds=10)
"""BLS blocks users who download "multiple times per second" and slow down others."""


class Files:
    """
    Reads the files of one survey. *where* names the source in messages.
    """

    def __init__(self, settings: BlsSettings, survey: Survey) -> None:
        self._where = f"sources.{settings.instance or 'bls'}"
        self._survey = survey
        if not settings.contact:
            msg = (
                f"{self._where}.contact is not set: BLS only serves files to programs that give "
                "contact details; set it to your e-mail address"
            )
            raise ConfigError(msg)
        self._client = Client(
            settings.bulk_url,
            agent="statpipe-bls",
            contact=settings.contact,
            limits=[_BURST],
            judge=judged,
            largest=LARGEST,
            seconds=settings.timeout,
            memory=_REMEMBERED,
        )

    def get(self, name: str) -> Answer:
        """
        Fetch a file.
        """
        return self._client.get(self._path(name), name=name)

    def lists(self, names: Sequence[str]) -> list[Payload]:
        """
        Fetch lists of codes.
        """
        return [
            self.get(name).payload(media_type="text/tab-separated-values", structure=True)
            for name in names
        ]

    def modified(self, name: str) -> datetime:
        """
        Request the time when a file was last changed.

        :raises ContentError: BLS does not say.
        """
        return changed_at(self._client.head(self._path(name), name=name))

    def holding(self, dataset: Dataset) -> list[str]:
        """
        Return the names of the files that hold what a dataset's selection asks for.

        :raises ConfigError: None does.
        """
        survey = self._survey
        codes = _codes(dataset, survey)
        for beginnings, names in survey.bulk:
            if all(_begins(code, beginnings, survey) for code in codes):
                return list(names)
        found: list[str] = []
        for code in codes:
            names = next((n for b, n in survey.bulk if _begins(code, b, survey)), ())
            if not names or survey.bulk_whole:
                what = " and ".join(codes) if survey.bulk_whole else code
                what = f"{survey.bulk_by} {what}".strip() or "figures"
                msg = (
                    f"{self._where}: statpipe cannot read files of survey {survey.code} with "
                    f'{what}; set channel = "api"'
                )
                raise ConfigError(msg)
            found += [name for name in names if name not in found]
        return found

    def close(self) -> None:
        """
        Release the connections.
        """
        self._client.close()

    def _path(self, name: str) -> str:
        return f"{self._survey.code.lower()}/{name}"


def changed_at(answer: Answer) -> datetime:
    """
    Return when a file was last changed.

    :raises ContentError: BLS does not say.
    """
    if answer.last_modified is None:
        msg = (
            f"{answer.name}: BLS does not say when the file changed (Last-Modified: "
            f"{answer.headers.get('last-modified', 'none')}); set "
            'channel = "api"'
        )
        raise ContentError(msg, payload=answer.payload())
    return answer.last_modified


def judged(answer: Answer) -> Exception | None:
    """
    Return the error in an answer: BLS answers 403 to programs without contact details.
    """
    if answer.status == HTTPStatus.FORBIDDEN:
        return Rejected(
            f"{answer.name}: BLS refuses the file (HTTP 403); check whether `contact` is your "
            "valid address and whether BLS blocks this machine"
        )
    return None


def _codes(dataset: Dataset, survey: Survey) -> Sequence[str]:
    if survey.bulk_by == AREA:
        return [survey.area_code(one) for one in dataset.selection.areas or ()]
    return dataset.selection.where.get(survey.bulk_by, ("",))


def _begins(code: str, beginnings: Sequence[str], survey: Survey) -> bool:
    """
    Return whether a code matches: areas by the beginning of their codes, others by the complete
    code.
    """
    if survey.bulk_by == AREA:
        return code.startswith(tuple(beginnings))
    return code in beginnings
