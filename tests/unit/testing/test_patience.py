"""Every test of the kit ends, for any plugin."""

import socket
import subprocess
import sys
import time

import pytest

from statpipe.testing import LocalAgency
from statpipe.testing.clock import quick_sleep
from statpipe.testing.patience import in_time, patient


def connects_for_ever(port):
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=9).close()
        except Exception:  # noqa: BLE001 - as a careless source has it
            continue


def sleeps_for_ever(_):
    while True:
        time.sleep(60)


def works_for_ever(_):
    while True:
        pass


@pytest.fixture
def port():
    with LocalAgency() as agency:
        yield int(agency.url.rpartition(":")[2])


@pytest.mark.parametrize("work", [connects_for_ever, sleeps_for_ever])
def test_too_many_requests_end_the_test_even_if_exceptions_are_caught(port, work):
    told = "asks 7 times and more\n    What to do: try again a few times"
    with pytest.raises(pytest.fail.Exception, match=told), patient(most=7) as once_more:  # noqa: SIM117
        with quick_sleep(once_more=once_more):
            work(port)


def test_requests_within_the_limit_are_allowed():
    with patient(most=7) as once_more:
        for _ in range(7):
            once_more()
    assert "connect" not in vars(socket.socket)


def test_endless_work_is_ended():
    told = r"after 0\.1 seconds, this is still at work"
    with pytest.raises(pytest.fail.Exception, match=told), in_time(0.1, pytest.exit):
        works_for_ever(0)


def test_code_that_catches_every_exception_is_abandoned():
    said = []
    with in_time(0.01, said.append, again=0.01):
        while not said:
            try:
                works_for_ever(0)
            except BaseException:  # noqa: BLE001 - as a careless source has it
                continue
    assert "it catches whatever ends a test (`except:` or" in said[0]


def test_an_abandoned_test_reports_the_reason():
    code = "import pytest, sys; from statpipe.testing.patience import leave; leave(sys.argv, 'why')"
    code = code.replace("sys.argv", "pytest.Config.fromdictargs({}, [])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (3, "why")


@pytest.mark.parametrize(
    "contract",
    [
        "SourceContract", "NormalizerContract", "CheckContract", "ModelContract", "SinkContract",
        "StoreContract", "LakeContract", "NotifierContract",
    ],
)  # fmt: skip
def test_each_contract_has_a_time_limit(contract):
    from statpipe import testing
    from statpipe.testing.patience import InTime

    assert issubclass(getattr(testing, contract), InTime)
