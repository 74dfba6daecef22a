"""`.env`: what its lines mean, and who wins."""

from __future__ import annotations

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st
from provisioning.failures import Misconfigured
from provisioning.variables import read_variables


@pytest.fixture
def file(tmp_path):
    return tmp_path / ".env"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=value", "value"),
        ("export NAME = value ", "value"),
        ("NAME=value # a word about it", "value"),
        ("NAME=with#inside", "with#inside"),
        ('NAME="host=a port=1"', "host=a port=1"),
        ("NAME='it # stays'  # a word", "it # stays"),
        ('NAME="a \\"word\\""', 'a "word"'),
        ("NAME=${OTHER}", "${OTHER}"),
        ("NAME=#x", "#x"),
    ],
)
def test_a_line_is_a_name_and_a_value(file, line, value):
    file.write_text(line)
    assert read_variables(file, {}) == {"NAME": value}
    assert (
        dotenv_values(file, interpolate=False)["NAME"] == value
    )  # as statpipe reads the same file


def test_comments_and_empty_values_count_as_not_set(file):
    file.write_text("# a word\n\nEMPTY=\nNAME=x\n")
    assert read_variables(file, {}) == {"NAME": "x"}


def test_the_process_environment_wins_unless_it_is_empty(file):
    file.write_text("A=file\nB=file\n")
    assert read_variables(file, {"A": "process", "B": ""}) == {"A": "process", "B": "file"}


def test_without_a_file_only_the_process_environment_counts(file):
    assert read_variables(file, {"A": "x"}) == {"A": "x"}


@pytest.mark.parametrize(
    "line", ["the-key canary-secret", 'A="canary-secret', "A='canary'secret'", "canary", "export B"]
)
def test_an_invalid_line_is_named_without_its_text(file, line):
    file.write_text(f"# a word\nC=1\n\n{line}\nD=2\n")
    with pytest.raises(Misconfigured) as caught:
        read_variables(file, {})
    assert str(caught.value) == f"{file}, line 4: this is no NAME=value; correct or remove it"


def test_a_file_with_a_byte_order_mark_is_read(file):
    file.write_bytes(b"\xef\xbb\xbfNAME=x\r\nB=y\r\n")
    assert read_variables(file, {}) == {"NAME": "x", "B": "y"}


def test_a_file_that_is_not_text_is_named(file):
    file.write_bytes(b"\xff\xfeN\x00")
    with pytest.raises(Misconfigured) as caught:
        read_variables(file, {})
    assert str(caught.value) == (
        f"{file} cannot be read (it is not in UTF-8); correct it, or name another file with --env-file"
    )


def test_a_named_file_must_exist(file):
    with pytest.raises(Misconfigured) as caught:
        read_variables(file, {"A": "x"}, required=True)
    assert str(caught.value) == (
        f"{file} cannot be read (No such file or directory); correct it, or name another file with "
        "--env-file"
    )


LINES = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.text("ab#'\"= \\$", max_size=6),
    ).map(lambda pair: f"{pair[0]}={pair[1]}"),
    max_size=3,
)


@given(LINES)
def test_a_file_is_refused_or_read_as_by_statpipe(tmp_path_factory, lines):
    file = tmp_path_factory.mktemp("env") / ".env"
    file.write_text("\n".join(lines))
    try:
        found = read_variables(file, {})
    except Misconfigured:
        return
    as_statpipe = dotenv_values(file, interpolate=False)
    assert found == {name: value for name, value in as_statpipe.items() if value}


@given(st.from_regex(r"[A-Za-z0-9:/@=._-]+( [A-Za-z0-9:/@=._-]+)*", fullmatch=True))
def test_written_values_are_read_back_unchanged(tmp_path_factory, value):
    from provisioning.outputs import Section, as_text

    file = tmp_path_factory.mktemp("env") / "values"
    file.write_text(as_text([Section(title=".env", values={"NAME": value})]))
    assert read_variables(file, {}) == {"NAME": value}
    assert dotenv_values(file) == {"NAME": value}
