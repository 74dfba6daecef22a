"""Somebody who follows docs/setup.md."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from support.forked import run_python
from support.ports import reserved_port
from support.rds import Rds

ROOT = Path(__file__).parents[2]


class User:
    """Somebody with a clone of the repository, and a shell in a folder with `.env` and `statpipe.toml`."""

    def __init__(self, folder: Path, account: Mapping[str, str]) -> None:
        self.folder = folder
        ours = ("AWS_", "STATPIPE_", "BEA_", "GITHUB_", "DB_", "PG")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)} | {
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(folder),
            "STATPIPE_TUNNEL_PORT": str(reserved_port()),  # another suite may be at work beside
            **account,
        }

    def does(self, what: str, *command: str, code: int | None = 0, **variables: str):
        done = run_python(command, self.folder, {**self.environment, **variables})
        print(f"\n== {what}\n{done.stderr}{done.stdout}", flush=True)  # noqa: T201 - seen with -s
        assert code in {None, done.returncode}, done.stderr
        return done

    def provisions(self, *options: str, env: str = "staging", code: int | None = 0):
        script = str(ROOT / "provisioning" / "provision_aws.py")
        command = (script, "--env", env, "--env-file", ".env", *options)
        return self.does(f"provision --env {env} {' '.join(options)}", *command, code=code)

    def runs(self, what: str, *, code: int | None = 0):
        script = str(ROOT / "scripts" / "ingest.py")
        return self.does(f"make ingest ENV=staging: {what}", script, code=code)

    def manifest(self):
        (manifest,) = json.loads((self.folder / "out" / "manifests.json").read_text())
        return manifest

    def values(self, title: str) -> dict[str, str]:
        """A block of what provisioning printed."""
        parts = (self.folder / "staging.values").read_text().split("# ")
        (block,) = [part for part in parts if part.startswith(title)]
        pairs = (line.split("=", 1) for line in block.splitlines()[1:] if line)
        return {name: value.strip('"') for name, value in pairs}

    def configures(self, rds: Rds, endpoint: str, *sources: str) -> None:
        """
        Take the repository's own configuration, but for where S3 lies, and with settings of its first
        source, the only one.
        """
        text = (ROOT / "statpipe.toml").read_text().partition("\n[sources.bea_rpp_state]")[0]
        lake, source = 'path = "${STATPIPE_STAGING_LAKE}"', 'channel = "auto"'
        assert lake in text
        assert source in text
        text = text.replace(lake, f'endpoint_url = "{endpoint}"\n{lake}', 1)
        text = text.replace(source, "\n".join(sources) + "\n# ")
        (self.folder / "statpipe.toml").write_text(text)
        certificates = self.folder / "certs"
        certificates.mkdir()
        shutil.copy(rds.authority.bundle, certificates / "rds-global-bundle.pem")
