"""The unit of work runs wherever an executor runs it, and gives the same."""

import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from statpipe.api import ContentError
from statpipe.domain.canonical import content_hash
from statpipe.engine.stages.task import Task, normalize
from support.tea import TeaNormalizer, TeaSource, tea_dataset


@pytest.fixture
def task(office):
    source = TeaSource(office.agency, None)
    dataset = tea_dataset("black")
    vintage = source.probe(dataset)
    return Task(
        dataset=dataset,
        vintage=vintage.id,
        normalizer=TeaNormalizer(),
        code="tea_json/1/abc",
        payloads=tuple(source.fetch(dataset, vintage)),
    )


def test_a_task_survives_pickling(task):
    again = pickle.loads(pickle.dumps(task))
    assert again.payloads == task.payloads
    assert normalize(again).fingerprint == normalize(task).fingerprint


def test_threads_and_processes_give_the_same_table(task):
    here = normalize(task)
    with (
        ThreadPoolExecutor(2) as threads,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes,
    ):
        results = [pool.submit(normalize, task) for pool in (threads, processes)]
        for silver in (result.result() for result in results):
            assert silver.table.equals(here.table)
            assert (silver.figures, silver.fingerprint) == (here.figures, here.fingerprint)
            assert content_hash(silver.table) == content_hash(here.table)


def test_an_error_keeps_its_kind_text_and_payload_on_the_way_back(task):
    error = pickle.loads(pickle.dumps(ContentError("payload x: poetry", payload=task.payloads[0])))
    assert (str(error), error.payload) == ("payload x: poetry", task.payloads[0])


def test_a_whole_run_in_processes_is_a_run_in_threads(office):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        manifest = office.run(processes)
    assert manifest.outcome == "loaded"
    held = dict(office.lake.held)
    other = type(office)(office.home)
    other.run()
    assert {k.path: p.fingerprint for k, p in held.items()} == {
        k.path: p.fingerprint for k, p in other.lake.held.items()
    }


def test_unreadable_payloads_in_a_process_end_the_run_with_their_text(office):
    office.agency.garbled = True
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        manifest = office.run(processes)
    assert manifest.exit_code == 4
    assert manifest.message.startswith("payload black-CAL: no rows of prices")
