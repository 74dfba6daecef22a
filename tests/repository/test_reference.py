"""The reference pages are what the code says, and leave nothing out."""

from __future__ import annotations

import importlib.util
import inspect
import re
import typing
from pathlib import Path

import attrs
import pytest

from statpipe import api
from statpipe.api import hookspecs
from statpipe.domain.period import Frequency, read_period

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def load_script():
    spec = importlib.util.spec_from_file_location(
        "make_reference", ROOT / "scripts" / "make_reference.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()
HOOKS = [name for name in vars(hookspecs) if name.startswith("statpipe_")]


def test_each_page_is_up_to_date():
    for page, wanted in script.pages().items():
        assert (ROOT / "docs" / page).read_text() == wanted, f"{page}: run `make reference`"


def test_types_are_shown_as_written_even_after_resolution():
    before = script.types()
    # As cattrs does, of a class whose Severity is a Literal by then.
    attrs.resolve_types(api.CheckResult, {**vars(typing), **vars(api)})
    assert not isinstance(attrs.fields(api.CheckResult).severity.type, str)
    assert script.types() == before


@pytest.mark.parametrize("freq", typing.get_args(Frequency))
def test_every_frequency_is_listed_with_the_form_of_its_periods(freq):
    page = (REFERENCE / "types.md").read_text()
    (form,) = re.findall(rf"^\|.*`{freq}`[^|]*\| [^|]+ \| `(.*)` \|$", page, re.MULTILINE)
    assert read_period(form, freq).text == form


@pytest.mark.parametrize("heading", ["### `undated(token: str", "#### `column`"])
def test_functions_for_cubes_and_undated_agencies_are_listed(heading):
    assert heading in (REFERENCE / "types.md").read_text()


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_listed_with_its_arguments(name):
    page = (REFERENCE / "hooks.md").read_text()
    (heading,) = re.findall(rf"^### `{name}\((.*?)\)", page, re.MULTILINE)
    for argument in inspect.signature(getattr(hookspecs, name)).parameters:
        assert argument in heading


def test_every_hook_is_tested():
    folders = [ROOT / "tests", *ROOT.glob("plugins/*/tests")]
    tests = "".join(
        path.read_text()
        for folder in folders
        for path in folder.rglob("*.py")
        if path != Path(__file__)
    )
    assert [name for name in HOOKS if name not in tests] == []


def test_every_command_is_listed():
    from statpipe.cli import commands

    page = (REFERENCE / "commands.md").read_text()
    named = [*commands.COMMANDS]
    named += [f"{group} {name}" for group, (_, names) in commands.GROUPS.items() for name in names]
    for command in named:
        assert f"## statpipe {command}\n" in page, command


def test_every_component_and_setting_is_listed():
    import attrs

    from statpipe.api.component import FILLED_IN

    page = (REFERENCE / "settings.md").read_text()
    for offer in script.own_offers():
        if offer.role == "model":
            continue
        table = "checks" if offer.role == "check" else f"{offer.role}s"
        section = page.partition(f"## `{table}.{offer.name}`\n")[2].partition("\n## ")[0]
        assert section, offer.name
        for field in attrs.fields(offer.item.settings):
            if field.name not in FILLED_IN:
                assert f"| `{field.name}` |" in section, f"{offer.name}: {field.name}"


def test_every_page_is_in_the_menu():
    menu = (ROOT / "zensical.toml").read_text()
    for page in (ROOT / "docs").rglob("*.md"):
        name = str(page.relative_to(ROOT / "docs"))
        if not name.startswith("decisions/0"):
            assert f'"{name}"' in menu, name
