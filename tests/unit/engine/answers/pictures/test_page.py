"""A page is one file that asks nobody."""

from html.parser import HTMLParser

from statpipe.engine.answers.pictures.page import (
    command,
    figure,
    folded,
    page,
    paragraph,
    section,
    table,
)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_page_is_well_formed_and_escapes_its_texts():
    text = page("A <b>", [section("One", paragraph("<script>alert(1)</script>"), table("T", ("a", "b"), [("x", None), ("<i>", 1)]))])  # fmt: skip
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert not {"script", "b", "i", "link", "img", "iframe"} & set(tags.seen)
    assert "http://" not in text
    assert "https://" not in text
    assert '<html lang="en">' in text
    assert '<th scope="col">a</th>' in text
    assert '<th scope="row">&lt;i&gt;</th><td class="short">1</td>' in text


def test_a_picture_fits_a_phone_and_what_is_wider_is_moved_sideways_also_by_keyboard():
    text = page("A", [figure('<svg class="picture"></svg>', "It"), command("statpipe show")])
    assert '<div class="scroll" tabindex="0">\n<svg' in text
    _, _, phone = text.partition("@media screen and (max-width:40rem){")
    assert ".picture .legend{display:none}" in phone  # the caption says the same
    assert ".picture text{font-size:18px}" in phone
    assert "white-space:pre-wrap" in text  # a command breaks instead


def test_empty_sections_are_left_out():
    assert figure("", "It") == ""
    assert table("T", ("a",), []) == ""
    assert section("One", "", "") == ""
    assert folded("More") == ""


def test_folded_sections_are_printed_completely():
    _, _, paper = page("a", [folded("more", "<p>inside</p>")]).partition("@media print{")
    assert "details::details-content{content-visibility:visible" in paper
