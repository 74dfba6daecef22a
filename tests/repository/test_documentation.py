"""What a reader finds is true: commands exist, settings are documented, hooks are named."""

import re
import shlex
from pathlib import Path

import attrs
import pytest

from statpipe.api import hookspecs
from statpipe.api.component import FILLED_IN
from statpipe.cli.app import make_app
from statpipe.engine.site.registry import Registry

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    ROOT / "tests" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "plugins").glob("*/README.md")),
]
README = (ROOT / "README.md").read_text()


def shell_lines(text):
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        yield from (line for line in block.replace("\\\n", "").splitlines() if line.strip())


def statpipe_calls():
    for page in PAGES:
        for line in shell_lines(page.read_text()):
            words = shlex.split(line, comments=True)
            for place, word in enumerate(words):
                if word in {"statpipe", ".venv/bin/statpipe"}:
                    yield page.name, words[place + 1 :]
                    break


@pytest.mark.parametrize(("page", "words"), list(statpipe_calls()))
def test_every_command_that_a_page_shows_parses(page, words):
    make_app().parse_args(words, exit_on_error=False, print_error=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_setting_of_every_component_is_documented():
    reference = (ROOT / "docs" / "configuration.md").read_text()
    pages = reference + "".join(p.read_text() for p in PAGES if p.parent.parent.name == "plugins")
    for offer in Registry.installed().offers:
        if offer.role == "model":
            continue
        for field in attrs.fields(offer.item.settings):
            if field.name not in FILLED_IN:
                assert f"`{field.name}`" in pages, f"{offer.role} {offer.name}: {field.name}"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "tests/README.md"])
def test_every_make_target_that_a_page_names_exists(page):
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / page).read_text(), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/contributing/way-of-a-figure.md"])
def test_every_file_of_the_code_that_a_page_names_exists(page):
    named = re.findall(r"`((?:src|plugins)/[^`]+)`", (ROOT / page).read_text())
    assert len(named) >= 3
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_readme_has_at_most_120_lines():
    assert len(README.splitlines()) <= 120


def test_the_documented_exit_codes_are_those_of_the_errors():
    from statpipe.domain import errors

    page = (ROOT / "docs" / "operability.md").read_text()
    table = page.partition("| exit |")[2].partition("\n\n")[0]

    codes = {
        error.exit_code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.StatpipeError)
    }
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert documented == codes | {0, errors.REFUSED_BY_CHECKS, 130}


def test_every_hook_shows_an_example_that_compiles():
    hooks = [name for name in dir(hookspecs) if name.startswith("statpipe_")]
    assert len(hooks) == 12
    for name in hooks:
        text = getattr(hookspecs, name).__doc__
        example = text.split(".. code-block:: python")[1]
        lines = [line for line in example.splitlines() if line.strip()]
        margin = min(len(line) - len(line.lstrip()) for line in lines)
        compile("\n".join(line[margin:] for line in lines), name, "exec")
        assert name in example


def test_requirements_are_pinned_with_hashes_and_name_no_host():
    for name in ("runtime.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text()
        pins = re.findall(r"^[a-zA-Z0-9._-]+(?:\[.*?\])?==\S+.*$", text, re.MULTILINE)
        assert len(pins) > 20
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
