"""An emulated account of AWS in this process, reached over HTTP like the real one."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

from support.patience import PATIENCE


@contextmanager
def emulated_account() -> Iterator[str]:
    """
    Start the emulator; give its address.
    """
    # Read when moto is imported: the bastion's role takes one of AWS's own policies.
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with _believing_in_tls():
        server.start()
        try:
            host, port = server.get_host_and_port()
            address = f"http://{host}:{port}"
            # All emulators of a process share one state, and it may be older than the variable above.
            urlopen(Request(f"{address}/moto-api/reset", method="POST"), timeout=PATIENCE).close()
            yield address
        finally:
            server.stop()


@contextmanager
def _believing_in_tls() -> Iterator[None]:
    """
    Leave out of bucket policies what denies plain HTTP: the emulator evaluates no conditions, and so
    denies everything.
    """
    from moto.s3.models import FakeBucket

    asked = FakeBucket.get_permission
    only_tls = {"Bool": {"aws:SecureTransport": "false"}}

    def get_permission(self, action, resource):
        kept = self.policy
        if kept is None:
            return asked(self, action, resource)
        document = json.loads(kept)
        document["Statement"] = [
            statement
            for statement in document["Statement"]
            if not (statement["Effect"] == "Deny" and statement.get("Condition") == only_tls)
        ]
        try:
            self.policy = json.dumps(document).encode()
            return asked(self, action, resource)
        finally:
            self.policy = kept

    FakeBucket.get_permission = get_permission
    try:
        yield
    finally:
        FakeBucket.get_permission = asked
