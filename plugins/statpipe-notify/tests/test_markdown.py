"""The content of the job summary, as a reader of Markdown sees it."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from statpipe_notify.markdown import as_markdown, escaped

EVIL = [
    "a | b",
    "two\nlines",
    "`code` and ```",
    "<script>alert(1)</script> <img src=x>",
    "</details>",
    "[link](https://evil.example)",
    "![image](x)",
    "**bold** _it_ ~~gone~~",
    "# heading",
    "- item",
    "1. item",
    "---",
    "&lt; &#124;",
    "$math$",
    "\\| \\",
    "> quote",
    "::error title=x::y",
    "==",
]


class Seen(HTMLParser):
    """Text and tags of a rendered page."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags = "", []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def seen(markdown):
    return Seen(MarkdownIt("gfm-like", {"linkify": False}).render(markdown))


@pytest.mark.parametrize("evil", EVIL)
def test_a_hostile_title_is_shown_unchanged_and_changes_nothing_around_it(
    evil, manifest, found, vintage
):
    def page(text):
        checks = (found(message=text, cells=({"name": text, "obs_value": "1"},)),)
        return seen(
            as_markdown(
                manifest(
                    "refused",
                    3,
                    message=text,
                    notice=text,
                    checks=checks,
                    vintages=(vintage(text),),
                )
            )
        )

    harmless, hostile = page("Fine tea"), page(evil)
    assert hostile.tags == harmless.tags
    assert hostile.text.count(" ".join(evil.split())) == 5


@given(st.text())
def test_any_text_is_rendered_as_one_paragraph_of_the_same_text(text):
    page = seen(f"x\n\n{escaped(text)}\n")
    assert page.tags in (["p"], ["p", "p"])
    assert "\n" not in escaped(text)
    escaped(text).encode()


def test_an_unchanged_run_is_one_line(manifest):
    text = as_markdown(manifest("unchanged"))
    assert seen(text).text.strip() == "tea in prod: unchanged, run 20221006T141700000000Z-3fa9"
    assert text.strip().count("\n") == 0


def test_the_summary_contains_everything_that_a_reader_needs(manifest, found, vintage):
    page = seen(as_markdown(manifest("refused", 3, vintages=(vintage(),), checks=(found(),))))
    for told in (
        "tea in prod: refused",
        "Exit 3: a check refused the release, and none of it was published; look at the cells",
        "a new release",
        "1,200",
        "black 2022-10-06 since 2022-09-06: 2 cells added, 1 of 8 revised",
        "Fine tea",
        "100.00 %",
        "check taste refuses black 2022-10-06",
        "2 prices taste of dust",
        "1 of 2 cells:",
        "manifest runs/tea/20221006T141700000000Z-3fa9.json in the lake",
    ):
        assert told in page.text
    assert page.tags.count("table") == 4


def test_a_late_release_is_more_than_a_single_line(manifest):
    says = "late: the release of 2022-10-06 has not come"
    assert "has not come" in as_markdown(manifest("unchanged", late=True, calendar=says))
