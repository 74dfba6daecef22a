"""Ctrl-C and SIGTERM end a run as interrupted, even if a library changed the exception."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from statpipe.api import Unavailable, hookimpl
from statpipe.engine.site.interruption import (
    remembering_interrupts,
    stop_if_interrupted,
    was_interrupted,
)
from support.tea import TeaSource

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def send(number=signal.SIGTERM):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_interrupts_and_is_remembered(number):
    before = [signal.getsignal(one) for one in SIGNALS]
    with remembering_interrupts():
        assert not was_interrupted()
        with pytest.raises(KeyboardInterrupt):
            send(number)
        assert was_interrupted()
        with pytest.raises(KeyboardInterrupt):
            stop_if_interrupted()
        with pytest.raises(KeyboardInterrupt):
            send(number)  # whoever presses twice means it
    assert not was_interrupted()
    assert [signal.getsignal(one) for one in SIGNALS] == before


def test_without_a_signal_nothing_stops():
    with remembering_interrupts():
        stop_if_interrupted()
    stop_if_interrupted()


def test_another_thread_changes_no_handlers():
    before, inside = [signal.getsignal(one) for one in SIGNALS], []

    def work():
        with remembering_interrupts():
            inside.extend(signal.getsignal(one) for one in SIGNALS)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == before


def library(answer):
    """A library whose callback is interrupted: it raises *answer* instead, or nothing at all."""
    try:
        send()
    except KeyboardInterrupt:
        if answer is not None:
            raise answer from None


ANSWERS = (
    None,
    RuntimeError("Query interrupted"),
    Unavailable("the agency lacked valid authentication credentials"),
    SystemError("a callback returned an error"),
)


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
@pytest.mark.parametrize("place", ["vintages", "fetch", "write", "observer"])
def test_a_run_ends_as_interrupted_at_any_moment_of_the_signal(office, monkeypatch, answer, place):
    hit = []

    def once():
        if not hit:
            hit.append(True)
            library(answer)

    if place in {"vintages", "fetch"}:
        real = getattr(TeaSource, place)

        def disturbed(self, *arguments):
            once()
            return real(self, *arguments)

        monkeypatch.setattr(TeaSource, place, disturbed)
    elif place == "write":
        real_write = office.lake.write

        def write(partition):
            once()
            return real_write(partition)

        monkeypatch.setattr(office.lake, "write", write)
    else:
        office.watching = [Observer(once)]
    with remembering_interrupts():
        manifest = office.run()
    assert hit
    assert (manifest.outcome, manifest.exit_code) == ("interrupted", 130)
    assert manifest.message == "interrupted; run again to complete it"
    again = office.run()
    assert (again.outcome, again.exit_code) == ("loaded", 0)


class Observer:
    def __init__(self, act):
        self.act = act

    @hookimpl
    def statpipe_vintage_found(self, event):
        self.act()
