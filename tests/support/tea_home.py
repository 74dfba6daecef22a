"""A home whose agency is that of tea, and how tests wait and read in it."""

from __future__ import annotations

import json
import os
import subprocess
import time

from support.installed import TESTS, install_tea
from support.tea import DATASETS, TeaAgency, prices


class Tea:
    """A home with the tea agency's plugin installed."""

    def __init__(self, home, folder):
        self.home = home
        self.plugins = install_tea(folder / "plugins")
        self.path = folder / "agency.json"
        self.agency = TeaAgency()
        for name in DATASETS:
            self.agency.publish(name, "2024-03-01", prices())
        home.configure("[environments.local.sinks.lake]\n")
        home.environment["TEA_AGENCY"] = str(self.path)
        before = os.environ.get("PYTHONPATH", "")
        home.environment["PYTHONPATH"] = os.pathsep.join([str(self.plugins), str(TESTS), before])

    def run(self, *arguments, code=0):
        self.agency.save(self.path)
        return self.home.run(*arguments, code=code)

    def start(self, *arguments):
        self.agency.save(self.path)
        return subprocess.Popen(
            self.home.command(*arguments),
            cwd=self.home.folder,
            env=self.home.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def close_gate(self):
        """Let no second payload through until the file is removed."""
        gate = self.path.with_name("gate")
        gate.touch()
        self.agency.gate = str(gate)
        return gate

    def manifests(self):
        runs = sorted((self.home.lake / "runs").rglob("*.json"), key=lambda path: path.name)
        return [json.loads(path.read_text()) for path in runs]

    def bronze(self):
        return {path.name for path in (self.home.lake / "bronze").rglob("*.gz")}


def last_line(done):
    return done.stderr.strip().splitlines()[-1]


def wait_for(ready, seconds=100.0):
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)
