"""The repository holds what people wrote and what tests read, and no by-product."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LARGEST = 1_000_000  # bytes
LONGEST_TEST = 500  # lines
LARGE = {
    "tests/data/SAPCE.zip": "a release of BEA, unedited: the tests compare every figure with it",
}
BINARY = {
    "tests/data/*.zip": "releases of BEA, unedited",
    "tests/data/before/*.zip": "what an older version left, by scripts/make_home_before.py",
    "plugins/statpipe-bea/tests/data/*.zip": "releases of BEA, unedited",
    "plugins/statpipe-bea/src/statpipe_bea/data/sample/*/*.jsonl.gz": "the bundled sample",
}
BY_PRODUCT = re.compile(
    r"\.(pickle|pkl|py[cod]|so|dylib|dll|o|a|db|sqlite3?|duckdb|wal|log|pid|lock|whl|egg|tar|tgz|prof|"
    r"parquet|arrow|feather|npy|npz|core|tmp|temp|bak|orig|rej|sw[op]|coverage)$"
    r"|(^|/)(\.DS_Store|Thumbs\.db|__pycache__|\.venv|\.statpipe|out|build|dist|node_modules|\.coverage|"
    r"\.\w+_cache|\.hypothesis|\.env|[^/]+\.egg-info)(/|$)",
    re.IGNORECASE,
)


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = [name for name in listed.stdout.decode().split("\0") if (ROOT / name).is_file()]
    assert len(names) > 300
    return names


def test_a_large_file_is_on_the_list():
    large = {name for name in tracked() if (ROOT / name).stat().st_size > LARGEST}
    assert large == set(LARGE)


def test_a_binary_file_is_of_a_kind_on_the_list():
    found = [name for name in tracked() if b"\0" in (ROOT / name).read_bytes()[:8000]]
    assert [n for n in found if not any(Path(n).match(kind) for kind in BINARY)] == []
    for kind in BINARY:
        assert any(Path(name).match(kind) for name in found), f"{kind} is no longer needed"


def test_no_by_product_is_tracked():
    assert [name for name in tracked() if BY_PRODUCT.search(name)] == []


def test_by_products_are_recognized():
    for name in ("a.pickle", "b/c.PYC", "x.duckdb", "run.log", "w-1-py3-none-any.whl", ".DS_Store"):
        assert BY_PRODUCT.search(name)
    for name in ("a/__pycache__/b.py", ".coverage", "out/report.md", ".mypy_cache/x.json", ".env"):
        assert BY_PRODUCT.search(name)


def test_a_file_of_tests_is_about_one_behaviour():
    long = {
        name: lines
        for name in tracked()
        if re.search(r"(^|/)test_[^/]+\.py$", name)
        if (lines := (ROOT / name).read_text().count("\n")) > LONGEST_TEST
    }
    assert long == {}, "split it by behaviour"
