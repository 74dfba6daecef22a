"""Errors are sorted by what the reader does next, and survive the way between processes."""

import inspect
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from statpipe.domain import errors
from statpipe.domain.errors import (
    ConfigError,
    ContentError,
    Locked,
    NoData,
    PluginError,
    Rejected,
    StatpipeError,
    Unavailable,
)
from statpipe.domain.payload import Payload

KINDS = {
    StatpipeError: (Exception, 1),
    Rejected: (StatpipeError, 1),
    NoData: (Rejected, 1),
    ConfigError: (StatpipeError, 2),
    PluginError: (ConfigError, 2),
    ContentError: (StatpipeError, 4),
    Unavailable: (StatpipeError, 5),
    Locked: (StatpipeError, 6),
}


def classes():
    found = inspect.getmembers(errors, inspect.isclass)
    return {kind for _, kind in found if issubclass(kind, BaseException)}


def test_every_kind_of_error_is_tested():
    assert classes() == set(KINDS)


@pytest.mark.parametrize(("kind", "parent", "code"), [(k, *v) for k, v in KINDS.items()])
def test_each_kind_has_its_parent_and_its_exit_code(kind, parent, code):
    assert kind.__bases__ == (parent,)
    assert kind.exit_code == code


def test_no_error_has_the_exit_code_of_failed_checks():
    assert errors.REFUSED_BY_CHECKS == 3
    assert errors.REFUSED_BY_CHECKS not in {kind.exit_code for kind in classes()}


def test_the_tree_in_the_docstring_is_the_class_hierarchy():
    for kind, (parent, code) in KINDS.items():
        (line,) = [
            text
            for text in errors.__doc__.splitlines()
            if text.strip("│├└─ ").startswith(kind.__name__)
        ]
        if parent is StatpipeError:
            assert f"exit {code} " in line


def test_a_content_error_carries_its_payload_without_printing_it():
    payload = Payload(name="T1", body=b"figures")
    error = ContentError("line 9 is gone", payload=payload)
    assert str(error) == "line 9 is gone"
    assert error.payload is payload
    assert "figures" not in repr(error)
    assert ContentError("x").payload is None


def test_unavailable_says_when_to_retry_if_known():
    assert Unavailable("slow down", retry_after=3.5).retry_after == 3.5
    assert Unavailable("down").retry_after is None


FAILING_WORK = """
from statpipe.domain.errors import ContentError, Unavailable
from statpipe.domain.payload import Payload

raise {error}
"""


@pytest.fixture(scope="module")
def worker():
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield lambda error: pool.submit(exec, FAILING_WORK.format(error=error)).exception(30)


def test_a_content_error_from_a_worker_process_keeps_its_payload(worker):
    caught = worker("ContentError('T1, line 9: no number', payload=Payload(name='T1', body=b'x'))")
    assert type(caught) is ContentError
    assert str(caught) == "T1, line 9: no number"
    assert caught.payload == Payload(name="T1", body=b"x")


def test_unavailable_from_a_worker_process_keeps_its_time(worker):
    caught = worker("Unavailable('slow down', retry_after=7.0)")
    assert (type(caught), str(caught), caught.retry_after) == (Unavailable, "slow down", 7.0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_survives_pickling(kind):
    copy = pickle.loads(pickle.dumps(kind("what, where, what to do")))
    assert type(copy) is kind
    assert str(copy) == "what, where, what to do"
