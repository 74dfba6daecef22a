"""Log lines: a run id in each, no secret in any."""

import base64
import io
import json
import logging
import re

import pytest
import structlog

from statpipe.engine.record.logs import QUIET, configure_logs

SECRET = "hunter2-canary"
log = structlog.get_logger("statpipe")


def raised(error):
    """Give an error with a traceback."""
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.fixture
def lines():
    """Configure logs as asked; give what was written since."""
    root = logging.getLogger()
    handlers = root.handlers
    levels = {name: logging.getLogger(name).level for name in ("", *QUIET)}
    stream = io.StringIO()

    def configured(form="text", **more):
        configure_logs(form, stream=stream, **more)
        return lambda: stream.getvalue().splitlines()

    yield configured
    root.handlers = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


def write_lines():
    with structlog.contextvars.bound_contextvars(run_id="R1", source="tea"):
        log.info("ours", rows=3)
        logging.getLogger("third.party").warning("theirs %s", 4)


def test_text_lines_have_the_run_id_of_any_logger(lines):
    written = lines()
    write_lines()
    ours, theirs = written()
    assert re.fullmatch(r"\d\d:\d\d:\d\d  ours  rows=3  \[R1\]", ours)
    assert re.fullmatch(r"\d\d:\d\d:\d\d  WARNING: theirs 4  \[R1\]", theirs)


def test_json_lines_have_the_run_id_of_any_logger(lines):
    written = lines("json")
    write_lines()
    documents = [json.loads(line) for line in written()]
    assert [d["run_id"] for d in documents] == ["R1", "R1"]
    assert [d["source"] for d in documents] == ["tea", "tea"]
    assert [d["event"] for d in documents] == ["ours", "theirs 4"]
    assert [d["level"] for d in documents] == ["info", "warning"]
    assert documents[0]["rows"] == 3


@pytest.mark.parametrize("form", ["text", "json"])
def test_lines_of_parallel_sources_begin_with_their_source(lines, form):
    written = lines(form)
    with structlog.contextvars.bound_contextvars(beside="tea"):
        write_lines()
    ours, theirs = written()
    if form == "text":
        assert re.fullmatch(r"\d\d:\d\d:\d\d  tea: ours  rows=3  \[R1\]", ours)
        assert re.fullmatch(r"\d\d:\d\d:\d\d  tea: WARNING: theirs 4  \[R1\]", theirs)
    else:
        assert all(json.loads(line)["source"] == "tea" for line in (ours, theirs))
        assert "beside" not in ours + theirs


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "secret", [SECRET, 'with "quotes" and \\', "zwölf-grüne-tees", "two\nlines"]
)
def test_secrets_are_masked_in_every_line_and_traceback(lines, form, secret):
    written = lines(form, secrets=[secret, ""])
    log.info("asking", address=f"https://tea.example/?key={secret}")
    logging.getLogger("third.party").error("GET /?key=%s", secret)
    for logger in (log, logging.getLogger("third.party")):
        logger.error("failed", exc_info=raised(ValueError(f"refused: {secret}")))
    text = "\n".join(written())
    assert secret not in text
    assert json.dumps(secret)[1:-1] not in text
    assert repr(secret)[1:-1] not in text
    assert text.count("***") >= 4
    assert text.count("Traceback") == 2


def test_a_secret_that_begins_like_another_is_masked_completely(lines):
    written = lines(secrets=["tea", "tea-and-milk"])
    log.info("key tea-and-milk")
    assert "milk" not in written()[0]


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_masked_in_base64_too(lines, form):
    key = "tea-and-milk/and+sugar"
    for before in ("", "u:", "user:", "a user:"):
        encoded = base64.b64encode(f"{before}{key}".encode()).decode()
        written = lines(form, secrets=[key])
        log.info("asking", header=f"Basic {encoded}")
        assert encoded[-20:] not in written()[-1]
        assert "***" in written()[-1]


def test_a_traceback_stays_in_its_json_line(lines):
    written = lines("json")
    log.error("failed", exc_info=raised(KeyError("cup")))
    (line,) = written()
    assert "KeyError: 'cup'" in json.loads(line)["exception"]


def test_debug_lines_are_only_written_on_request(lines):
    written = lines()
    log.debug("hidden")
    assert written() == []
    written = lines(verbose=True)
    log.debug("shown")
    assert "shown" in written()[0]


def test_libraries_that_log_urls_are_silenced(lines):
    written = lines(verbose=True)
    logging.getLogger("httpx").info("GET https://tea.example/?key=k")
    assert written() == []


def test_lines_of_workers_have_the_run_id(lines, office, monkeypatch):
    written = lines("json")
    from support.tea import TeaNormalizer

    normalize = TeaNormalizer.normalize

    def speaking(self, dataset, payloads):
        log.warning("an odd leaf", dataset=dataset.name)
        return normalize(self, dataset, payloads)

    monkeypatch.setattr(TeaNormalizer, "normalize", speaking)
    manifest = office.run()
    documents = [json.loads(line) for line in written()]
    assert [d["event"] for d in documents].count("an odd leaf") == 2
    assert {d.get("run_id") for d in documents} == {manifest.run_id}


def test_a_retry_is_logged_with_reason_and_time(lines):
    import stamina

    written = lines()
    with stamina.set_testing(True, attempts=2):
        for attempt in stamina.retry_context(on=OSError, attempts=2, wait_initial=0):
            with attempt:
                if attempt.num == 1:
                    raise OSError('the agency\'s gate is shut ("503")')
    (line,) = written()
    assert line[10:].startswith("WARNING: retry  number=1 seconds=")
    assert line.endswith(' reason=the agency\'s gate is shut ("503")')
