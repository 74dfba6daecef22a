"""Which executor runs the tasks."""

import sys
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from statpipe.api import ConfigError
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.executors import executor_for
from support.patience import PATIENCE


def configured(tmp_path, **engine):
    return Configuration(path=None, home=tmp_path, document={"engine": engine}, variables={})


def test_threads_are_the_default_and_end_with_the_run(tmp_path):
    with executor_for(configured(tmp_path), None) as pool:
        assert isinstance(pool, ThreadPoolExecutor)
        assert 1 <= pool._max_workers <= 4
        assert pool.submit(len, "tea").result() == 3
    with pytest.raises(RuntimeError):
        pool.submit(len, "tea")


def test_processes_and_their_number_can_be_configured(tmp_path):
    with executor_for(configured(tmp_path, executor="processes", workers=1), None) as pool:
        assert isinstance(pool, ProcessPoolExecutor)
        assert pool._max_workers == 1
        assert pool.submit(len, "tea").result(timeout=PATIENCE) == 3


def test_a_given_executor_is_used_and_left_open(tmp_path):
    with ThreadPoolExecutor(1) as mine:
        with executor_for(configured(tmp_path, executor="no"), mine) as pool:
            assert pool is mine
        assert mine.submit(len, "tea").result() == 3


@pytest.mark.parametrize(
    ("engine", "says"),
    [
        (
            {"executor": "ray"},
            "engine.executor is 'ray'; expected 'threads', 'processes' or 'dask'",
        ),
        (
            {"scheduler": "here"},
            "engine.scheduler is 'here'; expected 'local' or an address such as 'tcp://10.0.0.5:8786'",
        ),
        ({"workers": 0}, "engine.workers is 0; expected 1 or more"),
        ({"workers": "2"}, "engine.workers is '2'; expected 1 or more"),
        ({"workers": True}, "engine.workers is True; expected 1 or more"),
        ({"worker": 2}, "unknown key engine.worker; did you mean 'workers'?"),
    ],
)
def test_a_wrong_executor_is_reported_with_its_place(tmp_path, engine, says):
    with (
        pytest.raises(ConfigError) as raised,
        executor_for(configured(tmp_path, **engine), None) as pool,
    ):
        assert isinstance(pool, Executor)
    assert str(raised.value) == f"statpipe.toml: {says}"


def test_missing_dask_is_reported(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ConfigError) as raised,
        executor_for(configured(tmp_path, executor="dask"), None),
    ):
        pass
    assert str(raised.value) == (
        "statpipe.toml: engine.executor is 'dask', but the package distributed is not "
        'installed; run `pip install distributed` (part of the extra "dask")'
    )
