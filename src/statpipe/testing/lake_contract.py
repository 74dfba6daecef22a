"""What a lake promises on top: one run at a time writes, across processes."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

from statpipe.api import Lake, Locked
from statpipe.testing.store_contract import StoreContract
from statpipe.testing.wording import agree, broken

_ALONE = "let lock() be held by one at a time under a name, and raise Locked for the others"
_FREE = "give the lock back in a `finally`"


class LakeContract(StoreContract):
    """
    One run at a time writes under a name, whatever process it belongs to, and whatever happens.

    Override what :class:`StoreContract` asks for, the fixture ``another``, and :meth:`holder`.
    """

    def holder(self, lake: Lake, *, name: str, run_id: str) -> Sequence[str]:
        """Override: the command of a process that takes the lock, prints ``held`` and keeps it."""
        self._not_said("holder")

    def test_the_lock_yields_the_run_id_made_while_it_was_held(self, sink: Lake) -> None:
        """The context manager gives what run_id() gave."""
        with sink.lock("agency", 0, lambda: "run-1") as run_id:
            agree(run_id, "run-1", "what the lock gives", "call run_id() and give its result")

    def test_a_second_holder_learns_who_holds_the_lock_and_since_when(
        self, sink: Lake, another: Lake
    ) -> None:
        """In one line, and no id is made for it."""
        asked: list[str] = []

        def make_id() -> str:
            asked.append("run-2")
            return "run-2"

        text = ""
        with sink.lock("agency", 0, lambda: "run-1"):
            text = _refused(another, "agency", 0, make_id)
        since = f"since {datetime.now(UTC):%Y-%m-%d}"
        for part in ("agency", "run-1", since, "--wait"):
            if part not in text:
                broken(f"Locked says {text!r}", f"say which run is active and since when: {part!r}")
        agree("\n" in text, False, "whether Locked takes several lines", "say it in one")
        agree(asked, [], "ids that were made before the lock was held", "call run_id() once it is")

    def test_the_lock_is_free_afterwards_even_after_a_failure(
        self, sink: Lake, another: Lake
    ) -> None:
        """The work failed, or making the id."""
        with suppress(ZeroDivisionError), sink.lock("agency", 0, lambda: "1"):
            _ = 1 / 0
        with suppress(ZeroDivisionError), sink.lock("agency", 0, lambda: str(1 / 0)):
            pass
        for lake in (another, sink):
            try:
                with lake.lock("agency", 0, lambda: "2"):
                    pass
            except Locked as error:
                broken(f"after a failure the lock is still held: {error}", _FREE)

    def test_sources_do_not_wait_for_each_other(self, sink: Lake, another: Lake) -> None:
        """A lock is of one name."""
        with sink.lock("agency", 0, lambda: "1"):
            try:
                with another.lock("agency_two", 0, lambda: "2") as run_id:
                    agree(run_id, "2", "what the lock gives", "give the result of run_id()")
            except Locked as error:
                broken(f"agency_two waits for agency: {error}", "lock by the whole name")

    def test_a_waiting_run_gets_the_lock_when_it_is_free(self, sink: Lake, another: Lake) -> None:
        """And makes its id only then."""
        order: list[str] = []
        waits = threading.Event()

        def make_id() -> str:
            order.append("id")
            return "2"

        def wait_for_it() -> None:
            waits.set()
            with another.lock("agency", 100, make_id):
                order.append("second")

        with ThreadPoolExecutor(1) as pool:
            with sink.lock("agency", 0, lambda: "1"):
                waiting = pool.submit(wait_for_it)
                waits.wait(10)
                time.sleep(0.3)
                order.append("first")
            waiting.result(timeout=100)
        agree(order, ["first", "id", "second"], "the order of work", _ALONE)

    def test_a_run_that_waited_in_vain_gets_an_error(self, sink: Lake, another: Lake) -> None:
        """After about as long as it was to wait."""
        begun = time.monotonic()
        with sink.lock("agency", 0, lambda: "run-1"):
            text = _refused(another, "agency", 0.3, lambda: "run-2")
        if "run-1" not in text:
            broken(f"Locked says {text!r}", "name the active run")
        # The upper bound is far off, since this machine may be busy with something else.
        if not 0.3 <= time.monotonic() - begun < 60:
            broken("a run with wait=0.3 did not wait that long", "wait as long as `wait` says")

    def test_of_many_runs_only_one_holds_the_lock_at_a_time(
        self, sink: Lake, another: Lake
    ) -> None:
        """Six at once, through two objects."""
        inside: list[str] = []
        most: list[int] = []

        def take(number: int) -> None:
            with (sink, another)[number % 2].lock("agency", 60, lambda: str(number)) as run_id:
                inside.append(run_id)
                most.append(len(inside))
                time.sleep(0.005)
                inside.remove(run_id)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(take, range(6)))
        agree(most, [1] * 6, "how many held the lock at once, each time,", _ALONE)

    def test_a_killed_holder_frees_the_lock(self, sink: Lake) -> None:
        """No process can give anything back after SIGKILL."""
        command = self.holder(sink, name="agency", run_id="run-of-the-dead")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            try:
                said = process.stdout.readline() if process.stdout else ""
                agree(said, "held\n", "what the holder prints", "see the method `holder`")
                text = _refused(sink, "agency", 0, lambda: "2")
                if "run-of-the-dead" not in text or str(process.pid) not in text:
                    broken(f"Locked says {text!r}", "name the run and the process that hold it")
            finally:
                process.kill()
            process.wait(timeout=100)
        with sink.lock("agency", 0, lambda: "3") as run_id:
            agree(run_id, "3", "what the lock gives", "use a lock that dies with its process")


def _refused(lake: Lake, name: str, wait: float, run_id: Callable[[], str]) -> str:
    """Try to take a lock that somebody holds; give what Locked says."""
    __tracebackhide__ = True
    try:
        with lake.lock(name, wait, run_id):
            pass
    except Locked as error:
        return str(error)
    return broken("two runs hold the lock of one name at the same time", _ALONE)
