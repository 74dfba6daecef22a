"""The unit of work runs wherever an executor runs it, and gives the same."""

import pickle

import pytest

from statpipe.api import ContentError
from statpipe.engine.stages.task import Task, normalize
from support.tea import SOURCE, TeaNormalizer, TeaSource, tea_dataset


@pytest.fixture
def payloads(office):
    source = TeaSource(office.agency, None)
    dataset = tea_dataset("black")
    return tuple(source.fetch(dataset, source.probe(dataset)))


@pytest.fixture
def task(office, payloads):
    return Task(
        source=SOURCE,
        dataset=tea_dataset("black"),
        vintage="2024-03-01",
        normalizer=TeaNormalizer(),
        code="tea_json/1/abc",
        bronze=tuple(office.lake.keep(SOURCE, "black", payload) for payload in payloads),
    )


def test_a_task_can_be_pickled_and_contains_no_payload(task, payloads):
    sent = pickle.dumps(task)
    assert all(payload.body not in sent for payload in payloads)
    again = normalize(pickle.loads(sent), payloads)
    assert again.fingerprint == normalize(task, payloads).fingerprint


def test_an_error_keeps_its_kind_text_and_payload_on_the_way_back(payloads):
    error = pickle.loads(pickle.dumps(ContentError("payload x: poetry", payload=payloads[0])))
    assert (str(error), error.payload) == ("payload x: poetry", payloads[0])
