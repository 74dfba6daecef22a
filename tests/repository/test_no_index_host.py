"""Where packages come from is the machine's own affair."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOSTS = re.compile(rb"\b(" + rb"|".join((rb"py" + rb"pi\.org", rb"python" + rb"hosted\.org", rb"npm" + rb"js\.(org|com)")) + rb")\b")  # fmt: skip


def test_no_file_names_the_host_of_a_package_index():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    files = [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    named = [str(file) for file in files if file.is_file() and HOSTS.search(file.read_bytes())]
    assert len(files) > 300
    assert named == []
