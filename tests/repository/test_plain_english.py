"""`make lint` refuses phrases that make a reader stop, and prose that is wider than a page."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = runpy.run_path(str(ROOT / "scripts" / "plain_english.py"))
RULES = CHECK["RULES"]
WIDE = "word " * 30


@pytest.fixture
def problems(tmp_path):
    def problems_of(text, name="page.md"):
        page = tmp_path / name
        page.write_text(text)
        return [line.removeprefix(f"{page}:") for line in CHECK["problems"](str(page))]

    return problems_of


@pytest.mark.parametrize("rule", RULES["phrase"], ids=lambda rule: rule["better"])
def test_each_phrase_is_refused_with_a_better_wording_that_passes(rule, problems):
    (line,) = problems(rule["example"])
    assert line.endswith(rule["better"])
    assert problems(rule["better"]) == []


def test_a_phrase_is_found_across_lines_comments_and_pieces_of_a_string(problems):
    assert problems("it waits for\never") == ["1: 'for ever': " + better("for ever")]
    assert len(problems("# it waits for\n# ever", "code.py")) == 1
    assert len(problems('"it waits for "\n    f"ever"', "code.py")) == 1


def test_only_wrappable_wide_prose_is_refused(problems):
    assert problems(f"{WIDE}\n\n- {WIDE}") == [
        "1: wrap prose at 100 columns",
        "3: wrap prose at 100 columns",
    ]
    assert problems(f"| {WIDE} |\n# {WIDE}\n```sh\n{WIDE}\n```\nhttps://{'x' * 120}") == []
    assert problems(f"```\n```\n{WIDE}") == ["3: wrap prose at 100 columns"]
    assert problems(WIDE, "code.py") == []


def test_no_wrapped_page_is_listed_as_not_wrapped(problems):
    listed = [path for path in RULES["not_wrapped"] if path.endswith(".md")]
    assert [path for path in listed if not list(CHECK["too_wide"]((ROOT / path).read_text()))] == []


def test_the_exit_code_is_that_of_a_linter(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("it waits for ever\n")
    assert CHECK["main"]([str(page)]) == 1
    assert capsys.readouterr().out.startswith(f"{page}:1: 'for ever': ")
    page.write_text("it waits for a minute\n")
    assert CHECK["main"]([str(page)]) == 0
    assert capsys.readouterr().out == ""


def better(phrase):
    (rule,) = (rule for rule in RULES["phrase"] if phrase in rule["refused"])
    return rule["better"]
