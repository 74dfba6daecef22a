"""A folder that is removed while a server in it may still be at work, as ``rm -rf`` does it."""

import shutil
import time
from pathlib import Path


def remove(folder: Path) -> None:
    """Remove a folder, also where others remove or write files in it meanwhile."""
    give_up = time.monotonic() + 60
    while folder.exists():
        assert time.monotonic() < give_up, f"{folder} fills up again and again"
        shutil.rmtree(folder, ignore_errors=True)
