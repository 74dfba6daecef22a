"""
Run ``provisioning/provision_aws.py`` in the project's own environment, which is made if it is missing.

    python scripts/provision_aws.py --env staging

Needs Python 3.11+ and nothing else.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOTSTRAP = [sys.executable, "-I", str(ROOT / "scripts" / "bootstrap.py"), "runtime"]
COMMAND = [ROOT / ".venv" / "bin" / "python", ROOT / "provisioning" / "provision_aws.py"]

# Standard output is for the command: its policy is JSON.
if subprocess.run(BOOTSTRAP, stdout=sys.stderr, check=False).returncode:
    sys.exit(2)
os.execv(COMMAND[0], [*map(str, COMMAND), *sys.argv[1:]])
