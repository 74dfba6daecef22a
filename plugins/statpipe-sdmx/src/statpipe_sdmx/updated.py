"""The date in a flow's annotations at which the service updated the data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from statpipe.api import ContentError, Payload
from statpipe_sdmx.safe_xml import tree

_CLOCKS_DIFFER = timedelta(hours=1)

log = structlog.get_logger("statpipe")


def updated_at(payload: Payload, kind: str, flow: str) -> datetime | None:
    """
    Return the time in the flow's annotation of this *kind*, in UTC; ``None`` if it has none, or one that is to come.

    :raises ContentError: The annotation is not a valid time.
    """
    if not kind:
        return None
    for element in tree(payload).iter():
        if _local(element.tag) != "Dataflow" or element.get("id") != flow:
            continue
        for annotation in (one for one in element.iter() if _local(one.tag) == "Annotation"):
            said = {_local(one.tag): (one.text or "").strip() for one in annotation}
            if said.get("AnnotationType") == kind:
                text = said.get("AnnotationTitle") or said.get("AnnotationText", "")
                return _past(_time(text, payload), flow)
    return None


def _past(at: datetime, flow: str) -> datetime | None:
    if at - datetime.now(UTC) < _CLOCKS_DIFFER:
        return at
    log.warning(
        "the service says that a flow was updated in the future; it is dated by the day on which "
        "its figures are first seen",
        flow=flow,
        updated=str(at),
    )
    return None


def _time(text: str, payload: Payload) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        msg = f"payload {payload.name}: the flow was updated at {text!r}, which is not a time"
        raise ContentError(msg, payload=payload) from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]
