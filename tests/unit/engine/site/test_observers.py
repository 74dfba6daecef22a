"""Lifecycle hooks receive events, and cannot disturb the run or each other."""

import structlog

from statpipe.api import hookimpl
from statpipe.engine.site.observers import Observers

HOOKS = (
    "statpipe_run_started",
    "statpipe_vintage_found",
    "statpipe_payload_received",
    "statpipe_check_finished",
    "statpipe_partition_written",
    "statpipe_run_finished",
)


class Listening:
    """Hears every hook."""

    def __init__(self):
        self.heard = []

    def said(self, hook):
        return [event for name, event in self.heard if name == hook]


def _listen(hook):
    def listen(self, event):
        self.heard.append((hook, event))

    listen.__name__ = hook
    return hookimpl(listen)


for _hook in HOOKS:
    setattr(Listening, _hook, _listen(_hook))


class Raising:
    @hookimpl
    def statpipe_run_started(self, event):
        raise ValueError("no sugar")

    @hookimpl
    def statpipe_run_finished(self, event):
        raise ValueError("no milk")


class Silent:
    """A hook may leave out its argument."""

    def __init__(self):
        self.called = 0

    @hookimpl
    def statpipe_run_finished(self):
        self.called += 1


def test_a_failing_observer_is_logged_and_does_not_stop_the_others(office):
    before, after, silent = Listening(), Listening(), Silent()
    office.watching = [before, Raising(), after, silent]
    with structlog.testing.capture_logs() as lines:
        manifest = office.run()
    assert manifest.exit_code == 0
    assert before.heard == after.heard
    assert silent.called == 1
    failed = [line for line in lines if line["event"] == "observer failed"]
    assert [(f["hook"], f["plugin"], f["error"]) for f in failed] == [
        ("statpipe_run_started", "observer1", "ValueError: no sugar"),
        ("statpipe_run_finished", "observer1", "ValueError: no milk"),
    ]


def test_hooks_are_called_in_the_order_of_the_run(office):
    listening = Listening()
    office.watching = [listening]
    manifest = office.run()
    names = [hook for hook, _ in listening.heard]
    assert names[0] == HOOKS[0]
    assert names[-1] == HOOKS[-1]
    assert set(names) == set(HOOKS)
    first_check = names.index("statpipe_check_finished")
    assert first_check < names.index("statpipe_partition_written")
    assert names.index("statpipe_payload_received") < first_check

    assert [e.action for e in listening.said("statpipe_vintage_found")] == ["fetch", "fetch"]
    numbers = [(e.dataset, e.number, e.expected) for e in listening.said(HOOKS[2])]
    assert numbers == [("black", 1, 2), ("black", 2, 2), ("green", 1, 2), ("green", 2, 2)]
    assert [e.result for e in listening.said(HOOKS[3])] == list(manifest.checks)
    assert [e.receipt for e in listening.said(HOOKS[4])] == list(manifest.receipts)
    assert [e.manifest for e in listening.said(HOOKS[5])] == [manifest]
    assert {e.run_id for hook in HOOKS[:-1] for e in listening.said(hook)} == {manifest.run_id}


def test_each_started_run_calls_finished_once(office):
    troubles = (
        {},
        {"check": "error"},
        {"down_at": 0},
        {"down_at": 3},
        {"rejects": True},
        {"buggy": True},
        {"garbled": True},
        {"check": "raise"},
    )
    for trouble in troubles:
        listening = Listening()
        office.watching = [listening]
        office.agency.publish("black", "2024-04-01", office.agency.releases[0].figures)
        for name, value in trouble.items():
            setattr(office.agency, name, value)
        manifest = office.run(full=True)
        office.agency = type(office.agency)(releases=office.agency.releases)
        started, finished = listening.said(HOOKS[0]), listening.said(HOOKS[-1])
        assert [e.run_id for e in started] == [manifest.run_id], trouble
        assert [e.manifest.run_id for e in finished] == [manifest.run_id], trouble


def test_ctrl_c_during_recording_calls_finished_once(office, monkeypatch):
    def interrupt(manifest):
        raise KeyboardInterrupt

    listening = Listening()
    office.watching = [listening]
    monkeypatch.setattr(office.ledger, "record", interrupt)
    manifest = office.run()
    assert manifest.exit_code == 130
    assert len(listening.said(HOOKS[0])) == len(listening.said(HOOKS[-1])) == 1


def test_a_run_without_the_lock_is_reported(office):
    listening = Listening()
    office.watching = [listening]
    with office.lake.lock("tea_prices", 0, lambda: "somebody"):
        manifest = office.run()
    assert manifest.exit_code == 6
    assert [len(listening.said(hook)) for hook in HOOKS] == [1, 0, 0, 0, 0, 1]


def test_a_run_without_observers_works(office):
    Observers(office.registry).tell("statpipe_run_finished", object())
