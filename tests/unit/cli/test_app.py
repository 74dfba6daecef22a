"""What a command loads before it works."""

from __future__ import annotations

import os
import subprocess
import sys

QUICK = (["plugins", "list"], ["runs", "list"], ["status"])
HEAVY = (
    *("rich", "asyncio", "pyarrow", "duckdb", "boto3", "httpx", "psycopg", "obstore"),
    *("statpipe_checks.schema", "statpipe_notify.cloudwatch"),
)


def test_a_quick_command_loads_nothing_heavy(tmp_path):
    (tmp_path / "statpipe.toml").write_text("")
    code = (
        "import sys\n"
        "from statpipe.cli.app import execute\n"
        f"codes = [execute(one) for one in {QUICK!r}]\n"
        f"print(codes, [one for one in {HEAVY!r} if one in sys.modules])\n"
    )
    plain = {name: text for name, text in os.environ.items() if name != "FORCE_COLOR"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=plain,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[0, 0, 0] []"


def test_what_a_plugin_logs_in_a_coroutine_is_logged():
    """Structlog was imported without asyncio, which is there when it is needed."""
    code = (
        "from statpipe.cli.app import execute\n"
        "execute(['plugins', 'list'])\n"
        "import sys, structlog\n"
        "print('asyncio' in sys.modules)\n"
        "import asyncio\n"
        "asyncio.run(structlog.stdlib.get_logger().awarning('from a coroutine'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "\nFalse\n" in done.stdout
    assert "from a coroutine" in done.stdout + done.stderr
