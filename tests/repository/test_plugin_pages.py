"""The pages on writing plugins show what is generated, and their settings are filled as they say."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from statpipe.api import Component, Environment
from statpipe.cli.plugin_template import Role
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.settings import filled

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FIRST = (DOCS / "write-a-plugin.md").read_text()


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = load("make_plugin_pages", ROOT / "scripts" / "make_plugin_pages.py").pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_page_shows_the_generated_files(page):
    assert page.read_text() == PAGES[page], "run `make reference`"


@pytest.mark.parametrize("role", get_args(Role))
def test_each_role_has_a_page_with_its_methods_its_test_and_what_the_kit_checks(role):
    (target,) = re.findall(rf"^\| .* \| `{role}` \| \[.*\]\((\S+)\) \|$", FIRST, re.MULTILINE)
    text = (DOCS / target).read_text()
    if role != "source":
        assert f"--role {role}\n" in text
        assert 'title="tests/test_contracts.py"' in text
        assert "## What the test kit checks" in text
        assert re.search(r"^\| (method|field) \|", text, re.MULTILINE)


def block(kind, title):
    (found,) = re.findall(rf'```{kind} title="{re.escape(title)}"\n(.*?)```', FIRST, re.DOTALL)
    return found


def test_nested_settings_are_read_as_the_page_says(tmp_path):
    (tmp_path / "settings.py").write_text(block("python", "settings.py"))
    settings = load("settings", tmp_path / "settings.py").Settings
    (raw,) = tomllib.loads(block("toml", "statpipe.toml"))["sources"].values()
    component = Component(name="harbour", summary="", settings=settings, factory=str)
    variables = {"MIRROR_KEY": "canary", "HARBOUR_KEY": "other canary"}
    configuration = Configuration(
        path=tmp_path / "statpipe.toml", home=tmp_path, document={}, variables=variables
    )
    environment = Environment(name="local", home=tmp_path)
    made = filled(component, raw, "sources.harbour", configuration, environment)
    (mirror,) = made.mirrors
    assert (made.retry.tries, made.retry.seconds, made.ports) == (5, 60.0, {"NOR": "Northport"})
    assert (mirror.key.reveal(), made.key.reveal()) == ("canary", "other canary")
    assert "canary" not in repr(made)
