"""Tells Amazon CloudWatch: that a run took place, whether a release is late, and the log."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from statpipe.api import (
    CheckFinished,
    Manifest,
    Notifier,
    PartitionWritten,
    RunFinished,
    RunStarted,
    VintageFound,
    hookimpl,
)
from statpipe_notify.aws import call, client
from statpipe_notify.ending import LOCKED
from statpipe_notify.in_time import in_time
from statpipe_notify.log_events import LogEvent, batches
from statpipe_notify.not_sent import NotSent
from statpipe_notify.settings import CloudwatchSettings

METRIC, LATE = "Success", "Late"
_GOOD = ("loaded", "unchanged", "ingested")


class Cloudwatch(Notifier):
    """
    Collects the events of a run, and sends them when the run has ended.

    The log consists of the hooks' events, not of log lines: log lines may contain texts of
    libraries, and secrets in them are only masked when they are printed.
    """

    def __init__(self, settings: CloudwatchSettings) -> None:
        self._settings = settings
        self._events: list[LogEvent] = []

    @hookimpl
    def statpipe_run_started(self, event: RunStarted) -> None:
        """Begin a new log."""
        self._events = []
        self._note(event, "run started", environment=event.environment, notice=event.notice)

    @hookimpl
    def statpipe_vintage_found(self, event: VintageFound) -> None:
        """Record what is done with a vintage, and why."""
        self._note(
            event,
            "vintage",
            dataset=event.dataset,
            vintage=event.vintage.id,
            action=event.action,
            reason=event.reason,
            requests=event.expected,
        )

    @hookimpl
    def statpipe_check_finished(self, event: CheckFinished) -> None:
        """Record a verdict with its cells."""
        result = event.result
        level = "info" if result.passed else "error" if result.refuses else "warning"
        self._note(
            event,
            f"check {result.outcome}" if result.passed else "check failed",
            level=level,
            check=result.check,
            dataset=result.dataset,
            vintage=result.vintage,
            message=result.in_words,
            failures=result.failures or None,
            accepted=result.accepted or None,
            cells=[dict(cell) for cell in result.cells] or None,
        )

    @hookimpl
    def statpipe_partition_written(self, event: PartitionWritten) -> None:
        """Record what a sink wrote."""
        receipt = event.receipt
        names = ("sink", "path", "rows", "inserted", "updated", "deleted")
        self._note(event, "written", **{name: getattr(receipt, name) for name in names})

    @hookimpl
    def statpipe_run_finished(self, event: RunFinished) -> None:
        """Send the metric and the log. If one fails, the other is still sent."""
        manifest = event.manifest
        self._note_end(manifest)
        failed = []
        for send in (self._send_metric, self._send_log):
            try:
                send(manifest)
            except NotSent as error:
                failed.append(str(error))
        if failed:
            raise NotSent("; also: ".join(failed))

    def _send_metric(self, manifest: Manifest) -> None:
        """Send the metric, except for a run that found another one active, which sends it."""
        fresh = manifest.command == "run" and manifest.exit_code != LOCKED
        if self._settings.metric and fresh:
            in_time(lambda: self._put_metric(manifest))

    def _send_log(self, manifest: Manifest) -> None:
        if self._settings.log_group:
            in_time(lambda: self._put_log(manifest))

    def _put_metric(self, manifest: Manifest) -> None:
        # IAM can limit metrics by namespace but not by dimension, so each environment has its own.
        namespace = f"statpipe/{manifest.environment}"
        good = manifest.outcome in _GOOD
        found = {METRIC: good}
        if good:  # any other run did not find out what the agency has
            found[LATE] = manifest.late
        metrics = [
            {
                "MetricName": name,
                "Dimensions": [
                    {"Name": "environment", "Value": manifest.environment},
                    {"Name": "source", "Value": manifest.source},
                ],
                "Timestamp": manifest.finished,
                "Value": float(value),
                "Unit": "Count",
            }
            for name, value in found.items()
        ]
        call(
            "cloudwatch:PutMetricData",
            f"the namespace {namespace}",
            lambda: self._client("cloudwatch").put_metric_data(
                Namespace=namespace, MetricData=metrics
            ),
        )

    def _put_log(self, manifest: Manifest) -> None:
        group, stream = self._settings.log_group, f"{manifest.source}/{manifest.run_id}"
        place = f"the log group {group}"
        logs = call("logs:CreateLogStream", place, partial(self._client, "logs"))
        target = {"logGroupName": group, "logStreamName": stream}
        call("logs:CreateLogStream", place, partial(_create_stream, logs, target))
        for batch in batches(self._events):
            put = partial(logs.put_log_events, **target, logEvents=batch)
            call("logs:PutLogEvents", place, put)

    def _client(self, service: str) -> Any:
        return client(service, region=self._settings.region, profile=self._settings.profile)

    def _note(self, told: Any, event: str, *, level: str = "info", **details: Any) -> None:
        # Without a log group, nothing needs to be collected.
        if self._settings.log_group:
            ids = {"run_id": told.run_id, "source": told.source}
            now = datetime.now(UTC)
            self._events.append(
                LogEvent(time=now, level=level, event=event, details={**ids, **details})
            )

    def _note_end(self, manifest: Manifest) -> None:
        seconds = (manifest.finished - manifest.started).total_seconds()
        revisions = [v.revision.in_words for v in manifest.vintages if v.revision is not None]
        self._note(
            manifest,
            f"run {manifest.outcome}",
            level="info" if manifest.outcome in _GOOD else "error",
            environment=manifest.environment,
            command=manifest.command,
            exit_code=manifest.exit_code,
            seconds=round(seconds, 1),
            message=manifest.message,
            calendar=manifest.calendar or None,
            late=manifest.late or None,
            revisions=revisions or None,
            versions=dict(manifest.versions),
        )


def _create_stream(logs: Any, target: dict[str, str]) -> None:
    """Create the stream. If a reply was lost, the next attempt finds our own stream."""
    try:
        logs.create_log_stream(**target)
    except logs.exceptions.ResourceAlreadyExistsException:
        return
