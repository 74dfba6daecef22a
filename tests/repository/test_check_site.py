"""`make docs` refuses a site that asks another server, or whose links lead nowhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def check(site, body, style=""):
    (site / "page").mkdir()
    (site / "main.css").write_text(style)
    (site / "index.html").write_text('<link rel="stylesheet" href="main.css"><h1 id="top">Tea</h1>')
    (site / "page" / "index.html").write_text(body)
    command = [sys.executable, str(ROOT / "scripts" / "check_site.py"), str(site)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == bool(done.stdout), done.stderr
    return done.stdout


def test_a_self_contained_site_is_accepted(tmp_path):
    good = (
        '<link rel="canonical" href="https://tea.example/"><a href="https://tea.example/">out</a>'
        '<a href="../#top">up</a><a href="..">up</a><a href="#here">here</a><p id="here">'
        '<script src="/main.css"></script><img src="data:image/svg+xml,x">'
    )
    assert check(tmp_path, good, "a { background: url(data:x) }") == ""


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ('<script src="https://cdn.example/a.js">', "another server"),
        ("<script src='//cdn.example/a.js'>", "another server"),
        ('<link rel="stylesheet" href="https://cdn.example/a.css">', "another server"),
        ('<link href="https://fonts.example" rel="preconnect">', "another server"),
        ('<img src="https://badges.example/a.svg">', "another server"),
        ('<p style="background: url(https://cdn.example/a.png)">', "another server"),
        ('<script src="a.js">', "which is missing"),
        ('<table><tr><th style="x"></th><th>a</th></tr></table>', "has no header"),
        ('<a href="../other/">', "leads nowhere"),
        ('<a href="../#bottom">', "leads to no place of that page"),
        ('<a href="#there">', "leads to no place of that page"),
    ],
)
def test_a_fault_is_named_with_its_page(tmp_path, bad, said):
    told = check(tmp_path, bad)
    assert told.startswith("page/index.html: ")
    assert told.count("\n") == 1
    assert said in told


@pytest.mark.parametrize(
    "style", ["@import 'https://fonts.example/a.css'", "a{src:url(//x.example/f)}"]
)
def test_a_font_from_another_server_is_found_in_a_style(tmp_path, style):
    assert check(tmp_path, "", style).startswith("main.css: loads ")


def test_a_site_without_pages_is_refused(tmp_path):
    command = [sys.executable, str(ROOT / "scripts" / "check_site.py"), str(tmp_path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
