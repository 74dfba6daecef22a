"""What a run leaves behind: payloads, and nothing else."""

from __future__ import annotations

import copy
import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from statpipe.api import Source
from statpipe.api.http import Client
from statpipe.testing.author import Author
from statpipe.testing.clock import time_zone
from statpipe.testing.offered import offered
from statpipe.testing.open_now import open_now
from statpipe.testing.source_contract.asking import datasets_of, fetch, probe, run_once
from statpipe.testing.source_contract.days import ZONES
from statpipe.testing.source_contract.fixtures import SourceFixtures
from statpipe.testing.thorough import thorough
from statpipe.testing.watch import watched
from statpipe.testing.wording import agree, broken

_RUNS = 12
_FILE = "the file "
_SOON = timedelta(hours=1)


class Traces(SourceFixtures):
    """
    What a run leaves behind: payloads, and nothing else.
    """

    def test_a_run_prints_nothing_and_changes_nothing(
        self, make_source: Callable[[], Source]
    ) -> None:
        """No file, no variable of the environment, no line on standard output, no dataset."""
        known = make_source()
        known.close()
        begun, printed = time.time(), io.StringIO()
        with (
            watched(known, offline=False) as watch,
            redirect_stdout(printed),
            _environment_written_by(Author(known)) as written,
        ):
            source = make_source()
            for dataset in source.datasets():
                before = copy.deepcopy(dataset)
                fetch(source, dataset, probe(source, dataset))
                agree(dataset, before, f"dataset {before.name} after a run", "work on a copy")
            source.close()
        for look in () if self.keeps_files else watch.looks:
            path = Path(look.what.removeprefix(_FILE))
            if look.kind == "file" and path.exists() and path.stat().st_mtime >= begun - 1:
                broken(
                    f"the source writes {look.what} at {look.where}",
                    "write nothing: Bronze keeps each payload; if it has to remember something from run to run, set "
                    "`keeps_files = True` in the class",
                )
        if written:
            broken(
                f"the source changes {written[0]} in the environment, which other programs inherit",
                "keep it in the source: a key least of all belongs there",
            )
        if printed.getvalue():
            broken(
                f"the source prints {printed.getvalue()[:60]!r} to standard output",
                "use logging: with --json, standard output is the manifest",
            )

    def test_payloads_say_when_they_were_retrieved(self, make_source: Callable[[], Source]) -> None:
        """In UTC, whatever the time zone of the machine."""
        for dataset in datasets_of(make_source):
            source = make_source()
            with time_zone(ZONES[1]):
                payloads = fetch(source, dataset, probe(source, dataset))
            source.close()
            for payload in payloads:
                at = payload.retrieved
                if at is not None and at.tzinfo and abs(at - datetime.now(UTC)) > _SOON:
                    broken(
                        f"payload {payload.name} was retrieved just now, and says {at}",
                        "take datetime.now(UTC), which is the same moment in every time zone",
                    )

    def test_the_plugin_offers_the_frequencies_of_its_datasets(
        self, make_source: Callable[[], Source]
    ) -> None:
        """The standard models are made by them."""
        source = make_source()
        wanted = {dataset.freq for dataset in source.datasets()}
        source.close()
        for component in offered("source", source):
            lacking = sorted(wanted - set(component.freq))
            if component.freq and lacking:
                broken(
                    f"the plugin offers {component.name} with freq={component.freq!r}, and a dataset has the frequency "
                    f"{lacking[0]}",
                    "name the frequencies of all datasets in Component(freq=...), such as MQ",
                )

    @thorough
    def test_a_source_that_is_closed_leaves_nothing_open(
        self, make_source: Callable[[], Source]
    ) -> None:
        """A backfill makes many."""
        run_once(make_source)
        before, kept = open_now(), []
        with _used_and_not_closed() as clients:
            for _ in range(_RUNS):
                source = make_source()
                for dataset in source.datasets():
                    fetch(source, dataset, probe(source, dataset))
                source.close()
                kept.append(source)
        if clients:
            broken(
                f"{_RUNS} sources were used and closed, and {len(clients)} clients are not",
                "close in close() what you open: client.close(), or inherit ClientSource",
            )
        for what, count in open_now().items():
            if count - before[what] >= _RUNS:
                broken(
                    f"{_RUNS} sources were used and closed, and {count - before[what]} more {what} are open",
                    "close in close() what you open: client.close()",
                )


@contextmanager
def _environment_written_by(author: Author) -> Iterator[list[str]]:
    """Give the variables of the environment that the author's own lines write in the block."""
    kind = type(os.environ)
    write = kind.__setitem__
    written: list[str] = []

    def writing(environment: Any, name: str, value: str) -> None:
        if author.wrote(sys._getframe(1)):  # noqa: SLF001 - whose line it is
            written.append(name)
        write(environment, name, value)

    with mock.patch.object(kind, "__setitem__", writing):
        yield written


@contextmanager
def _used_and_not_closed() -> Iterator[list[Client]]:
    """Give the clients that have sent a request in the block, and were not closed in it."""
    closed: list[Client] = []
    used: list[Client] = []
    close, get = Client.close, Client._answered  # noqa: SLF001 - ours

    def closing(client: Client) -> None:
        closed.append(client)
        close(client)

    def asking(client: Client, *given: Any, **more: Any) -> Any:
        used.append(client)
        return get(client, *given, **more)

    left: list[Client] = []
    with (
        mock.patch.object(Client, "close", closing),
        mock.patch.object(Client, "_answered", asking),
    ):
        yield left
        left += {id(one): one for one in used if one not in closed}.values()
