"""Hostile texts, credentials and plugins that print, through every command that people read."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess

import pytest

from support.installed import TESTS, install, install_tea
from support.tea import TeaAgency, prices

from .conftest import new_home

CANARY = "Canary-7f3a-1111-2222-3333"
EVIL = "=cmd|'/C calc'!A0 [red]:smile:\x1b]0;pwned\x07\x9b31m\u202e\u2028\u200b\n::error::z ##[add-mask]z é"

SOURCE = f"""
import os, subprocess, sys, warnings, logging
print("printed at import")
os.write(1, b"written at import\\n")
subprocess.run([sys.executable, "-c", "print('a child at import')"])
warnings.warn("warned at import")
logging.basicConfig(stream=sys.stdout)

import attrs
from statpipe.api import Component, PluginError, hookimpl
from statpipe.api.gold import gold_models
from support.tea import TeaAgency, TeaSettings, TeaSource, prices

EVIL = {EVIL!r}

class EvilSource(TeaSource):
    notice = EVIL

    def datasets(self):
        print("printed by a source")
        return [
            attrs.evolve(
                one,
                title=EVIL,
                areas=tuple(attrs.evolve(a, name=EVIL) for a in one.areas),
                categories=tuple(attrs.evolve(c, name=EVIL) for c in one.categories),
            )
            for one in super().datasets()
        ]

    def _vintage(self, dataset, release):
        return attrs.evolve(super()._vintage(dataset, release), note=EVIL)

    def probe(self, dataset):
        return self.vintages(dataset)[-1]

    def vintages(self, dataset):
        if os.environ.get("EVIL_FAILS"):
            raise RuntimeError(EVIL + " asked with " + self._settings.key.reveal())
        return super().vintages(dataset)

def make(settings):
    agency = TeaAgency(datasets=("black",))
    agency.publish("black", "2024-03-01", prices())
    agency.publish("black", "2024-04-01", prices(3))
    return EvilSource(attrs.evolve(agency, archive=True), settings)

@hookimpl
def statpipe_sources():
    return [Component(name="evil_tea", summary=EVIL, settings=TeaSettings, factory=make)]

@hookimpl
def statpipe_models():
    return gold_models(name="evil", source="evil_tea", title=EVIL, freq="M")
"""


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evil")
    with new_home(folder) as home:
        plugins = install_tea(folder / "plugins")
        install(plugins, name="evil-tea", entry_points={"evil": "evil"}, modules={"evil": SOURCE})
        agency = TeaAgency()
        agency.publish("black", "2024-03-01", prices())
        agency.save(folder / "agency.json")
        home.configure("[environments.local.sinks.lake]\n")
        home.environment |= {
            "TEA_AGENCY": str(folder / "agency.json"),
            "TEA_KEY": CANARY,
            "GITHUB_ACTIONS": "true",
            "PYTHONPATH": os.pathsep.join(
                [str(plugins), str(TESTS), os.environ.get("PYTHONPATH", "")]
            ),
        }
        home.done = home.run("run", "evil_tea")
        yield home


CELL = ("--area", "CAL", "--category", "fine", "--period", "2024-01")
FOR_PEOPLE = (
    ("plan", "evil_tea"),
    ("plan", "evil_tea", "--log-format", "json"),
    ("show",),
    ("show", "evil"),
    ("show", "evil", *CELL),
    ("show", "evil", "--area", "nowhere"),
    ("show", "evil", "--as-of", "1900-01-01"),
    ("show", "evil_revisions", "--csv"),
    ("explain", "evil", *CELL),
    ("runs", "list"),
    ("runs", "show"),
    ("runs", "show", "--markdown"),
    ("plugins", "list"),
    ("doctor",),
    ("run", "evil_tea", "--debug"),
    ("transform", "evil_tea"),
)
FOR_PROGRAMS = (
    ("plan", "evil_tea", "--json"),
    ("show", "--json"),
    ("show", "evil", "--json"),
    ("explain", "evil", *CELL, "--json"),
    ("runs", "list", "--json"),
    ("runs", "show", "--json"),
    ("plugins", "list", "--json"),
    ("doctor", "--json"),
    ("run", "evil_tea", "--json"),
)


def refuse_harm(text):
    for line in text.split("\n"):
        assert line.isprintable(), repr(line)
        # The notifier's own annotations are lines of these titles.
        own = line.startswith(("::warning title=", "::error title="))
        assert own or not line.lstrip().startswith("::"), line
        assert own or "##[" not in line
    assert CANARY not in text


@pytest.mark.parametrize("arguments", FOR_PEOPLE, ids=" ".join)
def test_no_text_of_an_agency_controls_the_terminal(evil, arguments):
    done = evil.run(*arguments, code=None)
    refuse_harm(done.stdout + done.stderr)
    assert "printed" not in done.stdout
    assert "a bug" not in done.stderr


@pytest.mark.parametrize("arguments", FOR_PROGRAMS, ids=" ".join)
def test_a_plugin_that_prints_does_not_break_json(evil, arguments):
    done = evil.run(*arguments, code=None)
    assert json.loads(done.stdout)
    refuse_harm(done.stdout + done.stderr)
    for said in ("printed at import", "written at import", "a child at import"):
        assert said in done.stderr


def test_stored_texts_are_those_of_the_agency(evil):
    (row, *_) = json.loads(evil.run("show", "evil", "--json").stdout)
    assert row["area_name"] == EVIL
    explained = json.loads(evil.run("explain", "evil", *CELL, "--json").stdout)
    assert explained["figure"]["note"] == EVIL


def test_csv_cells_begin_no_formula_with_safe_csv(evil):
    safe = list(csv.DictReader(io.StringIO(evil.run("show", "evil", "--csv").stdout)))
    assert {row["area_name"][:5] for row in safe} == {"'=cmd"}
    assert safe[0]["value"] == json.loads(evil.run("show", "evil", "--json").stdout)[0]["value"]
    exact = evil.run("show", "evil", "--csv", "--no-safe-csv").stdout
    rows = list(csv.DictReader(io.StringIO(exact, newline="")))
    assert {row["area_name"] for row in rows} == {EVIL}


@pytest.mark.parametrize(
    "arguments",
    [("run", "evil_tea", "--json"), ("plan", "evil_tea"), ("run", "evil_tea", "--debug")],
)
def test_an_error_that_quotes_a_credential_never_shows_it(evil, tmp_path, arguments):
    evil.environment["EVIL_FAILS"] = "1"
    try:
        done = evil.run(*arguments, code=1)
    finally:
        del evil.environment["EVIL_FAILS"]
    refuse_harm(done.stdout + done.stderr)
    assert "asked with ***" in done.stdout + done.stderr
    assert not [
        p for p in evil.lake.rglob("*") if p.is_file() and CANARY.encode() in p.read_bytes()
    ]


@pytest.mark.parametrize(
    "encoding", ["ascii", "cp1252", pytest.param("utf-16", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "evil"),
        ("show", "evil", "--csv"),
        ("show", "--help"),
        ("show", "evil", "--json"),
        ("sho",),
    ],
)
def test_any_encoding_of_the_output_works(evil, encoding, arguments):
    done = subprocess.run(
        evil.command(*arguments),
        cwd=evil.folder,
        env={**evil.environment, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == (2 if arguments == ("sho",) else 0), done.stderr
    out = done.stdout.decode(encoding)
    assert b"Traceback" not in done.stderr
    assert bool(out) == (arguments != ("sho",))
    if "--json" in arguments:
        assert json.loads(out)[0]["area_name"] == EVIL


@pytest.mark.parametrize(
    "arguments", [("show", "evil"), ("show", "--json"), ("plugins", "list"), ("--help",)]
)
def test_a_closed_pipe_gets_no_error_message(evil, arguments):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        evil.command(*arguments),
        cwd=evil.folder,
        env=evil.environment,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert done.returncode == 0, done.stderr
    assert "Broken" not in done.stderr
    assert "Traceback" not in done.stderr
