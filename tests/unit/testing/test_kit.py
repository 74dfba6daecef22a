"""The parts of the kit do what the contracts lean on."""

import os
import random
import subprocess
import sys
import time
import types
import urllib.error
import urllib.request
from datetime import UTC, date, datetime
from decimal import Decimal

import attrs
import pytest
from hypothesis import given, settings

import statpipe.testing
from statpipe.api import Area, Category, ConfigError, Dataset, Payload
from statpipe.testing import (
    CANARY,
    CheckContract,
    LocalAgency,
    ModelContract,
    NormalizerContract,
    NotifierContract,
    SinkContract,
    SourceContract,
    history_of,
    record_payloads,
    recorded_payloads,
    redacted,
    shows,
    snapshot,
    strategies,
)
from statpipe.testing.cells import differences, figure
from statpipe.testing.clock import clock_moved, quick_sleep
from statpipe.testing.damage import (
    found_figures,
    next_figure,
    not_payloads,
    renamed_fields,
    repeated_records,
)
from statpipe.testing.fakes import MemorySource
from statpipe.testing.interrupt import interrupted_at, steps_of
from statpipe.testing.watch import watched

TEA = Dataset(
    name="tea",
    title="Tea",
    normalizer="n",
    areas=(Area(code="CAL", name="Cal", level="port", geo_fips="1"),),
    categories=(Category(code="fine", name="Fine", unit_measure="Pounds"),),
)


NEEDED = [
    (SourceContract, "make_source"),
    (NormalizerContract, "normalizer"),
    (NormalizerContract, "dataset"),
    (NormalizerContract, "payloads"),
    (NormalizerContract, "figures"),
    (CheckContract, "check"),
    (CheckContract, "good"),
    (CheckContract, "bad"),
    (ModelContract, "models"),
    (SinkContract, "sink"),
    (NotifierContract, "make_notifier"),
]


def test_a_missing_fixture_is_named_and_an_endless_test_is_ended(tmp_path):
    lines = ["import pytest", "from statpipe.api import Dataset", "from statpipe.testing import *"]
    for contract, fixture in NEEDED:
        lines += [
            f"class Test_{fixture}({contract.__name__}):",
            f"    def test_it(self, {fixture}): pass",
        ]
        if fixture == "normalizer":  # a dataset may name its place
            dataset = "Dataset(name='t', title='t', normalizer='tea')"
            lines += ["    @pytest.fixture", f"    def dataset(self): return {dataset}"]
    lines += ["class TestEndless(NormalizerContract):", "    patience = 0.2"]
    lines += ["    def test_it(self):", "        while True: pass"]
    (tmp_path / "test_mine.py").write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "test_it", tmp_path],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    for _, fixture in NEEDED:
        asked = f"Test_{fixture} does not say what to test: it needs the fixture `{fixture}`, "
        assert asked in done.stdout
        assert f"def {fixture}(self):" in done.stdout
    assert "after 0.2 seconds, this is still at work" in done.stdout
    assert "Traceback" not in done.stdout
    assert "Exception" not in done.stdout


def test_each_name_of_the_kit_is_there_and_no_other():
    assert sorted(statpipe.testing.__all__) == sorted(
        name for names in statpipe.testing._NAMES.values() for name in names
    )
    for name in statpipe.testing.__all__:
        assert getattr(statpipe.testing, name) is not None
    with pytest.raises(AttributeError, match=r"'statpipe.testing' has no attribute 'Nix'"):
        _ = statpipe.testing.Nix


def test_the_process_that_repeats_an_authors_work_loads_neither_pytest_nor_hypothesis():
    code = "import statpipe.testing.other_process, sys; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "statpipe.testing" in done.stdout
    assert "'pytest'" not in done.stdout
    assert "'hypothesis'" not in done.stdout


@pytest.mark.parametrize("absent", ["pytest", "hypothesis"])
def test_without_pytest_or_hypothesis_the_kit_says_what_to_install(absent):
    code = f"import sys; sys.modules[{absent!r}] = None; from statpipe.testing import CANARY"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert last == (
        f"ImportError: statpipe.testing needs {absent}, which is not installed; install the extra testing of "
        f"statpipe: `make runtime` in its checkout, or {sys.executable} -m pip install hypothesis pytest"
    )
    assert done.stderr.count("Traceback") == 1, "one error, not a chain of them"


@pytest.mark.parametrize(
    "text",
    [
        "https://x/?key=Canary%2B7f3a%3DKey",
        "canary+7F3A=key",
        b"\x00Canary+7f3a=Key",
        "Authorization: Basic dXNlcjpDYW5hcnkrN2YzYT1LZXk=",
        CANARY.encode().hex(),
    ],
)
def test_a_key_is_found_in_any_form(text):
    assert shows(text, CANARY)
    assert not shows("Canary", CANARY)
    body = text if isinstance(text, bytes) else text.encode()
    assert not shows(redacted(body, [CANARY]), CANARY)
    assert b"REDACTED" in redacted(body, [CANARY])


def test_a_local_agency_answers_records_and_can_be_disturbed():
    with LocalAgency() as agency:
        agency.answer("/a", "all", headers={"ETag": "1"})
        agency.answer("/a", "some", query={"port": "CAL"})

        def ask(path, **headers):
            request = urllib.request.Request(agency.url + path, headers=headers)
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.read(), response.headers["Date"]

        assert ask("/a?x=1")[0] == b"all"
        assert ask("/a?port=CAL&x=1")[0] == b"some"
        assert ask("/a")[1] != ask("/a")[1], "the header Date is no date of a release"
        for path, headers, code in (("/b", {}, 404), ("/a", {"If-None-Match": "1"}, 304)):
            with pytest.raises(urllib.error.HTTPError) as error:
                ask(path, **headers)
            assert error.value.code == code
        assert [r.query for r in agency.requests[:2]] == [{"x": "1"}, {"port": "CAL", "x": "1"}]
        agency.fault = lambda *_: None
        with pytest.raises(OSError, match="closed"):
            ask("/a")
        agency.fault = None
        assert agency.served[:2] == [b"all", b"some"]
    with pytest.raises(RuntimeError, match="with LocalAgency"):
        _ = agency.url


def test_accesses_of_code_are_reported_with_their_line():
    me = types.SimpleNamespace()

    class Mine:
        pass

    with watched(Mine()) as watch:
        datetime.now(UTC)
        date.today()  # noqa: DTZ011
        time.time()
        random.random()
        os.environ.get("HOME")
        with pytest.raises(OSError, match="no network"):
            urllib.request.urlopen("http://127.0.0.1:9/")
    kinds = {look.kind for look in watch.looks}
    assert kinds >= {"clock", "chance", "environment", "network"}
    first = watch.first("clock")
    assert first.what == "datetime.now()"
    assert f"{__file__}, line " in first.where
    assert me
    with watched(Mine()) as watch:
        Decimal("1.5") + len(str(datetime(2020, 1, 1, tzinfo=UTC)))
    assert watch.looks == []


def test_a_clock_imported_by_name_is_also_moved():
    module = types.ModuleType("module")
    module.datetime, module.date, module.now = datetime, date, time.time
    real = datetime.now(UTC)
    with clock_moved(1000, [module]):
        assert (module.datetime.now(UTC) - real).days == 1000
        assert (module.date.today() - real.date()).days in {999, 1000, 1001}
        assert module.now() - real.timestamp() > 999 * 86_400
        assert isinstance(real, module.datetime)
    assert module.datetime is datetime
    assert module.now is time.time
    with clock_moved(0, [module]):  # so that what is compiled can be loaded first
        assert module.datetime is datetime


def test_sleep_takes_no_time_and_moves_the_clocks():
    with quick_sleep() as slept:
        before = time.monotonic()
        time.sleep(360_000)  # longer than any run of the tests, if it were slept
        assert time.monotonic() - before >= 360_000
    assert slept == [360_000]


def test_work_can_be_interrupted_at_any_step():
    done = []

    def work():
        for number in range(5):
            done.append(number)
            len(done)

    steps = steps_of(work)
    lengths = set()
    for step in range(1, steps):
        done.clear()
        assert interrupted_at(work, step)
        lengths.add(len(done))
    assert lengths == {0, 1, 2, 3, 4, 5}
    assert sys.getprofile() is None


@pytest.mark.parametrize(
    ("printed", "number"),
    [("1,852.5", Decimal("1852.5")), (" 17 ", Decimal(17)), (None, None), (3, Decimal(3))],
)
def test_a_figure_is_read_as_printed(printed, number):
    assert figure(printed) == number


@pytest.mark.parametrize("wrong", ["(D)", 1.5])
def test_a_text_that_is_not_a_figure_is_reported(wrong):
    with pytest.raises(ValueError, match=r"is not a number|binary float"):
        figure(wrong)


@pytest.mark.parametrize("literal", ["1.25", "0", "9", "-3", "1,852,976.3", "100"])
def test_another_figure_has_the_same_form(literal):
    other = next_figure(literal)
    assert figure(other) != figure(literal)
    assert figure(other) != 0
    assert len(other) == len(literal)


@pytest.mark.parametrize(
    "body",
    [
        b'{"rows": [{"port": "CAL", "value": 12.5}, {"port": "MOM", "value": "3"}]}',
        b"port,value,note\nCAL,12.5,x\nMOM,3,\n",
        b'<rows><row port="CAL" value="12.5"/><row port="MOM" value="3"/></rows>',
        b"port;value\r\nCAL;12.5\r\nMOM;3\r\n",
        b"a page\nport\tvalue\nCAL\t12.5\nMOM\t3\n",
    ],
    ids=["json", "csv", "xml", "semicolons", "tabs"],
)
def test_figures_and_fields_are_found_in_every_form(body):
    payloads = [Payload(name="p", body=body)]
    wanted = {("CAL",): "12.5", ("MOM",): "3"}
    found = found_figures(payloads, wanted)
    assert [(one.key, one.literal) for one in found] == [(("CAL",), "12.5"), (("MOM",), "3")]
    bent = found[0].replaced(payloads, "13.5")[0].body
    assert b"13.5" in bent
    assert b"12.5" not in bent
    names = {
        name: damage.payloads[0].body for name, damage in renamed_fields(payloads, frozenset())
    }
    assert {"port", "value"} <= set(names)
    assert b"value_renamed" in names["value"]
    assert b"port_renamed" not in names["value"]
    assert len({damage.payloads[0].body for damage in not_payloads(payloads)}) >= 8


def test_differences_are_reported_by_cell():
    before = {("CAL", "2023"): (Decimal("1.50"), "A"), ("MOM", "2023"): (None, "O")}
    after = {("CAL", "2023"): (Decimal(2), "A"), ("NEW", "2023"): (Decimal(1), "A")}
    assert differences(before, after) == (
        "MOM 2023 (no figure) is gone; CAL 2023 was 1.5 [A] and is now 2 [A]; NEW 2023 (1) is new"
    )
    assert differences(before, before) == ""


@settings(max_examples=60, deadline=None)
@given(strategies.observations(), strategies.payloads())
def test_drawn_examples_are_valid(table, payload):
    assert table.schema.names[0] == "dataset"
    assert payload.sha256


def test_snapshots_and_histories_are_built_from_figures():
    made = snapshot(TEA, {("CAL", "fine", "2023"): "1,852.5", ("CAL", "fine", "2022"): None})
    assert made.table["obs_status"].to_pylist() == ["O", "A"]
    told = history_of(
        TEA,
        {
            date(2023, 1, 1): {("CAL", "fine", "2022"): "1"},
            date(2024, 1, 1): {("CAL", "fine", "2022"): "2"},
        },
    )
    assert told["realtime_start"].to_pylist() == [date(2023, 1, 1), date(2024, 1, 1)]


class Leaky(MemorySource):
    """Leaves its key in all that it brings."""

    def fetch(self, dataset, vintage):
        for payload in super().fetch(dataset, vintage):
            body = payload.body + f'"{CANARY.upper()}"'.encode() + self.more()
            yield attrs.evolve(payload, body=body, request={"url": "?key=Canary%2B7f3a%3DKey"})

    def more(self):
        return b""


class Packs(Leaky):
    def fetch(self, dataset, vintage):
        import gzip

        for payload in super().fetch(dataset, vintage):
            yield attrs.evolve(payload, body=gzip.compress(payload.body))


RELEASES = {"tea": {date(2024, 3, 1): {("CAL", "fine", "2023"): "12.5"}}}


def test_recordings_contain_no_key_and_are_read_back(tmp_path):
    files = record_payloads(Leaky([TEA], RELEASES), TEA, tmp_path, secrets=[CANARY])
    assert [file.name for file in files] == ["001-tea-2024-03-01.json", "payloads.json"]
    assert not any(shows(file.read_bytes(), CANARY) for file in files)
    (back,) = recorded_payloads(tmp_path)
    assert back.name == "tea-2024-03-01"
    assert b'"12.5"' in back.body
    assert back.body.endswith(b'"REDACTED"')
    assert back.request == {"url": "?key=REDACTED"}


def test_a_key_in_a_packed_body_is_not_recorded(tmp_path):
    with pytest.raises(ConfigError, match="holds the key in compressed form"):
        record_payloads(Packs([TEA], RELEASES), TEA, tmp_path / "new", secrets=[CANARY])
    assert not (tmp_path / "new").exists()


def test_a_folder_without_recordings_is_reported(tmp_path):
    with pytest.raises(ConfigError, match="record payloads with"):
        recorded_payloads(tmp_path)


@pytest.mark.parametrize(
    ("body", "literal", "twice"),
    [
        (b"p,t,v\nA,2020,0\nB,2020,5\n", "0", b"A,2020,0\nA,2020,1\nB,2020,5\n"),
        (b"p,t,v\nA,2020,7", "7", b"A,2020,7\nA,2020,8"),
        (
            b'<d><o t="2020" v="0"/><o t="2020" v="5"/></d>',
            "0",
            b'<o t="2020" v="0"/><o t="2020" v="1"/><o t="2020" v="5"/>',
        ),
        (
            b'{"r": [{"t": "2020", "v": 0}]}',
            "0",
            b'{"t":"2020","v":0},{"t":"2020","v":1}',
        ),
    ],
)
def test_a_record_is_repeated_with_another_figure_and_nothing_else(body, literal, twice):
    payloads = [Payload(name="p", body=body)]
    found = found_figures(payloads, {("A",): literal})
    _, other = repeated_records(payloads, found)
    assert twice in other.payloads[0].body
