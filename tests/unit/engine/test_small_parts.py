"""The parts of the engine that are easiest to see on their own."""

import io
import logging
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from multiprocessing import get_context

import attrs
import pytest
import structlog

from statpipe.api import (
    CheckResult,
    Column,
    Dataset,
    Held,
    Model,
    Payload,
    PluginError,
    RunStarted,
    Selection,
    Snapshot,
    Vintage,
    hookimpl,
)
from statpipe.domain.observation import observations_from_rows, seal
from statpipe.engine.configuration import load_configuration
from statpipe.engine.gold import gold_partition
from statpipe.engine.judge import judge
from statpipe.engine.logs import QUIET, configure_logs
from statpipe.engine.observers import Observers
from statpipe.engine.registry import Registry
from statpipe.engine.run import worst
from statpipe.engine.run_id import new_run_id
from statpipe.engine.state import State
from statpipe.engine.task import Task, normalize
from support.tiny import TeaNormalizer

DATASET = Dataset(name="assam", title="Assam", normalizer="tea_json", freq="M")
DAY = date(2025, 1, 10)


@pytest.fixture
def log():
    stream = io.StringIO()
    root = logging.getLogger()
    before, names = root.handlers, ("", *QUIET)
    levels = {name: logging.getLogger(name).level for name in names}
    yield stream
    root.handlers = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


class TestConfiguration:
    def test_the_nearest_file_upwards_is_taken_and_paths_start_at_it(self, tmp_path):
        (tmp_path / "statpipe.toml").write_text("[environments.staging]\n")
        below = tmp_path / "a" / "b"
        below.mkdir(parents=True)
        found = load_configuration(folder=below)
        assert found.home == tmp_path
        assert found.environments() == ["local", "staging"]

    def test_the_process_environment_wins_over_the_file_dotenv(self, tmp_path, monkeypatch):
        (tmp_path / ".env").write_text("ONE=file\nTWO=file\n")
        monkeypatch.setenv("TWO", "process")
        found = load_configuration(folder=tmp_path)
        assert (found.variables["ONE"], found.variables["TWO"]) == ("file", "process")

    def test_only_local_is_embedded_unless_said_otherwise(self, tmp_path):
        (tmp_path / "statpipe.toml").write_text(
            "[environments.a]\n[environments.b]\nembedded = true\n"
        )
        found = load_configuration(folder=tmp_path)
        embedded = {name: found.environment(name).embedded for name in ("local", "a", "b")}
        assert embedded == {"local": True, "a": False, "b": True}


class TestObservers:
    def test_one_that_raises_is_named_and_silences_nobody(self, log):
        class Raises:
            @hookimpl
            def statpipe_run_started(self, event):
                raise RuntimeError("no")

        heard = []

        class Hears:
            @hookimpl
            def statpipe_run_started(self, event):
                heard.append(event.source)

        registry = Registry()
        for observer in (Hears(), Raises(), Hears()):
            registry.observe(observer)
        configure_logs("json", stream=log)
        event = RunStarted(run_id="r", source="tea", environment="local")
        Observers(registry).tell("statpipe_run_started", event)
        assert heard == ["tea", "tea"]
        assert "RuntimeError: no" in log.getvalue()


class TestLogs:
    def test_no_line_shows_a_secret_whoever_writes_it(self, log):
        configure_logs("text", stream=log, secrets=["canary"], verbose=True)
        structlog.get_logger("statpipe").info("ours canary", detail="canary")
        logging.getLogger("elsewhere").warning("theirs %s", "canary")
        try:
            int("canary")
        except ValueError:
            structlog.get_logger("statpipe").exception("trouble")
        assert "canary" not in log.getvalue()
        assert log.getvalue().count("***") >= 4
        assert "Traceback" in log.getvalue()

    def test_lines_of_other_libraries_carry_the_run_too(self, log):
        configure_logs("text", stream=log)
        with structlog.contextvars.bound_contextvars(run_id="run-7"):
            logging.getLogger("elsewhere").warning("x")
        assert "[run-7]" in log.getvalue()


class TestRunIds:
    def test_they_sort_even_when_the_clock_was_set_back(self):
        future = "29991231T235959999999Z-ffff"
        following = new_run_id(future)
        assert following > future
        assert new_run_id(following) > following

    def test_the_exit_code_of_many_is_that_which_needs_a_person_soonest(self):
        assert worst([0, 5, 3]) == 3
        assert worst([6, 5]) == 5
        assert worst([2, 4, 1]) == 1
        assert worst([]) == 0


def held(token="t", sequence=1, **more):
    return Held(
        dataset="assam",
        released=DAY,
        sequence=sequence,
        note="",
        token=token,
        fingerprint="f",
        **more,
    )


def offered(token="t", **more):
    return Vintage(released=DAY, token=token, **more)


class TestDecisions:
    @pytest.mark.parametrize(
        ("holds", "offers", "full", "fetch", "reason"),
        [
            ([], [offered()], False, [True], "new vintage"),
            ([held()], [offered()], False, [False], "nothing has changed"),
            ([held()], [offered()], True, [True], "asked to look at everything"),
            ([held()], [offered("u")], False, [True], "note or headline figures changed"),
            (
                [held(selection=Selection(areas=["N"]))],
                [offered()],
                False,
                [True],
                "more is selected than before",
            ),
            ([held()], [offered(selection=Selection(areas=["N"]))], False, [False], "nothing"),
            # A live agency that went back to older figures has changed them again.
            ([held("t"), held("u", 2)], [offered("t")], False, [True], "figures changed"),
            # An archive shows all its vintages of a date at once.
            (
                [held("t"), held("u", 2)],
                [offered("t"), offered("u")],
                False,
                [False, False],
                "nothing",
            ),
        ],
    )
    def test_what_is_held_decides_what_is_fetched(self, holds, offers, full, fetch, reason):
        decisions = State(holds).decide(DATASET, offers, full=full)
        assert [decision.fetch for decision in decisions] == fetch
        assert reason in decisions[0].reason


TASK = Task(
    dataset=DATASET,
    vintage="2025-01-10",
    normalizer=TeaNormalizer(),
    code="tea_json/1",
    payloads=(Payload(name="p", body=b'[["N", "black", "2024-12", "1.5"]]'),),
)


def test_a_task_gives_the_same_table_in_threads_and_in_other_processes():
    here = normalize(TASK)
    with (
        ThreadPoolExecutor(1) as threads,
        ProcessPoolExecutor(1, get_context("spawn")) as processes,
    ):
        for pool in (threads, processes):
            there = pool.submit(normalize, TASK).result()
            assert there.table.equals(here.table)
            assert (there.figures, there.fingerprint) == (here.figures, here.fingerprint)


def test_other_code_gives_another_fingerprint_but_the_same_figures():
    one, other = normalize(TASK), normalize(attrs.evolve(TASK, code="tea_json/2"))
    assert one.figures == other.figures
    assert one.fingerprint != other.fingerprint


class TestJudge:
    def snapshot(self):
        rows = [{"ref_area": "N", "category": "c", "time_period": "2024-12", "obs_value": "1"}]
        table = seal(observations_from_rows(rows), DATASET, "v")
        return Snapshot(dataset=DATASET, vintage=offered(), table=table)

    def test_a_check_that_raises_is_a_plugin_s_fault_and_publishes_nothing(self):
        class Raises:
            def applies_to(self, dataset):
                return True

            def check(self, current, previous):
                raise KeyError("x")

        with pytest.raises(PluginError, match="check 'odd' failed on assam 2025-01-10"):
            judge({"odd": Raises()}, self.snapshot(), None, lambda _: None)

    def test_a_check_that_does_not_apply_is_not_asked(self):
        class Elsewhere:
            def applies_to(self, dataset):
                return False

        told: list[CheckResult] = []
        assert judge({"elsewhere": Elsewhere()}, self.snapshot(), None, told.append) == told == []


class TestGold:
    def model(self, sql, nullable=True):
        columns = (
            Column(name="area", type="text", description="Where", nullable=False),
            Column(
                name="price", type="decimal", description="Price", unit="pence", nullable=nullable
            ),
        )
        return Model(
            name="m", title="M", inputs=("tea",), grain=("area",), columns=columns, sql=sql
        )

    def made(self, sql, nullable=True):
        rows = [
            {"ref_area": a, "category": c, "time_period": "2024-12", "obs_value": "1.10"}
            for a in "SN"
            for c in ("black", "green")
        ]
        table = seal(observations_from_rows(rows), DATASET, "2025-01-10")

        class Lake:
            def read(self, key):
                return table

        return gold_partition(self.model(sql, nullable), [("tea", held())], Lake(), "f").table

    def test_columns_carry_their_description_and_unit_and_rows_the_order_of_the_grain(self):
        table = self.made(
            "SELECT ref_area AS area, obs_value AS price FROM tea WHERE category = 'black'"
        )
        assert table["area"].to_pylist() == ["N", "S"]
        assert table.schema.field("price").metadata == {b"description": b"Price", b"unit": b"pence"}
        assert str(table["price"][0].as_py()) == "1.10000000"

    @pytest.mark.parametrize(
        ("sql", "text"),
        [
            ("SELECT nothing FROM tea", "the SQL of model m fails"),
            ("SELECT ref_area AS area, obs_value AS price FROM tea", "2 of 4 rows repeat area"),
        ],
    )
    def test_sql_that_is_wrong_is_the_plugin_s_fault(self, sql, text):
        with pytest.raises(PluginError, match=text):
            self.made(sql)
