"""Environments and their scratch corners are named so that a name is one folder."""

import pytest

from statpipe.domain.environment import Environment


@pytest.mark.parametrize("name", ["local", "prod-eu", "s3", "a_b"])
def test_a_plain_name_is_accepted(name, tmp_path):
    assert Environment(name=name, home=tmp_path).name == name


@pytest.mark.parametrize("name", ["", "../x", "a/b", "Prod", "1a", ".", "a\n"])
def test_a_name_that_is_not_a_single_folder_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match="'name' must match regex"):
        Environment(name=name, home=tmp_path)


@pytest.mark.parametrize("scratch", ["", "..", "../..", "a/b", "/etc"])
def test_a_scratch_corner_that_is_not_a_single_folder_is_refused(scratch, tmp_path):
    with pytest.raises(ValueError, match="'scratch' must match regex"):
        Environment(name="local", home=tmp_path, scratch=scratch)


def test_an_environment_is_not_embedded_by_default(tmp_path):
    assert not Environment(name="prod", home=tmp_path).embedded
    assert Environment(name="prod", home=tmp_path).scratch is None
