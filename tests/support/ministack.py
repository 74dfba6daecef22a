"""An emulated account of AWS that enforces IAM: policies, conditions, trust. A process of its own."""

from __future__ import annotations

import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from attrs import frozen

from support.patience import PATIENCE
from support.ports import reserved_port
from support.tls_postgres import Authority

ACCOUNT = "000000000000"
OWNER = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "owner"}
"""An access key of twelve digits is the root of that account."""

_STARTS_WITHIN = 200


@frozen
class Ministack:
    """
    The running emulator. ``bundle`` is the CA of its certificate: it speaks TLS, since the bucket's policy
    denies the rest.
    """

    address: str
    bundle: Path

    @property
    def variables(self) -> dict[str, str]:
        """
        What leads AWS's libraries here.
        """
        bundle = str(self.bundle)
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def ministack(folder: Path) -> Iterator[Ministack]:
    """
    Start the emulator, and end it with all that it started; its log lies in *folder*.
    """
    port = reserved_port()
    authority = Authority(folder / "authority", "ministack")
    key, certificate = authority.certificate("localhost")
    (folder / "key.pem").write_bytes(key)
    (folder / "certificate.pem").write_bytes(certificate)
    with (folder / "ministack.log").open("wb") as log:
        running = subprocess.Popen(
            [str(Path(sys.executable).with_name("ministack"))],
            cwd=folder,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                "AUTH": "true",
                "USE_SSL": "1",
                "MINISTACK_SSL_CERT": str(folder / "certificate.pem"),
                "MINISTACK_SSL_KEY": str(folder / "key.pem"),
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        found = Ministack(f"https://localhost:{port}", authority.bundle)
        _wait_for(found, running, folder / "ministack.log")
        yield found
    finally:
        # The second signal is for what it started, too, and for what did not listen to the first.
        for end in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(running.pid, end)
            with suppress(subprocess.TimeoutExpired):
                running.wait(2)


def web_identity(subject: str, *, audience: str = "sts.amazonaws.com", issuer: str = "") -> str:
    """
    Write a token as GitHub does, but for the signature, which the emulator does not look at.
    """
    issuer = issuer or "https://token.actions.githubusercontent.com"
    claims = {"iss": issuer, "sub": subject, "aud": audience, "exp": int(time.time()) + 600}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    return ".".join([*(_encoded(json.dumps(part).encode()) for part in parts), _encoded(b"no")])


def allows(rights: Any, action: str, resource: str, context: Mapping[str, str]) -> bool:
    """
    Return whether a policy allows a request, by the emulator's own evaluator. Its simulator of IAM knows no
    context, and it fills in no variables such as ``${aws:userid}``.
    """
    from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

    text = json.dumps(rights)
    for name, value in context.items():
        text = text.replace(f"${{{name}}}", value)
    asked = EvalContext(
        principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/role/run",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=resource,
        region="us-east-1",
        source_ip="127.0.0.1",
        secure_transport=True,
        service_context={name.lower(): value for name, value in context.items()},
    )
    return bool(evaluate(asked, [parse_policy_document(text)]).decision == "Allow")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _wait_for(found: Ministack, running: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + _STARTS_WITHIN
    trusting = ssl.create_default_context(cafile=found.bundle)
    while True:
        try:
            with urlopen(found.address, timeout=PATIENCE, context=trusting):
                return
        except HTTPError:
            return
        except (URLError, OSError):
            said = log.read_text(errors="replace")
            assert running.poll() is None, f"ministack did not start: {said}"
            assert time.monotonic() < give_up, f"ministack does not answer: {said}"
            time.sleep(0.1)
