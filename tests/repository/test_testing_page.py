"""The example of docs/testing-plugins.md runs, and says what the page says when it is broken."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "testing-plugins.md").read_text()
FILES = dict(re.findall(r"```python title=(\S+)\n(.*?)```", PAGE, re.DOTALL))
SAID = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL).group(1)


@pytest.fixture
def run(tmp_path):
    def hold(**changes):
        for name, shown in FILES.items():
            text = shown
            for old, new in changes.items() if name == "tea.py" else ():
                assert REPLACED[old] in text
                text = text.replace(REPLACED[old], new)
            (tmp_path / name).write_text(text)
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )

    return hold


REPLACED = {"loop": "                missing = row", "number": 'exact(row["price"]),'}


def test_the_example_passes(run):
    done = run()
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout)


def test_a_missing_row_is_reported_as_the_page_says(run):
    skip = '                if row["price"] == "x1x":\n                    continue\n'
    done = run(loop=skip + REPLACED["loop"])
    assert done.returncode == 1
    assert SAID in done.stdout


def test_a_float_is_reported(run):
    done = run(number='exact(str(float(row["price"]))),')
    assert done.returncode == 1
    assert "let the figure never be a float" in done.stdout
