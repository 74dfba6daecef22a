"""A folder of objects, as new for each test."""

import pytest

from statpipe_lake.folder import FolderStore


@pytest.fixture
def store(tmp_path):
    return FolderStore(tmp_path / "lake")
