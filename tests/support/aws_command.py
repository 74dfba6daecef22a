"""A stand-in for AWS's command line: of it, what `scripts/tunnel.py` uses.

Like the real one it wants a region and credentials, and knows `.env` as little. The tunnel ends at a port of this machine. Where it is told a role, it first asks IAM whether the role may
have the session, since no emulator has a Session Manager that would.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # this folder holds a module ministack

from support.ministack import allows


@frozen(kw_only=True)
class Door:
    """
    Whose rights are asked about, by whom (an access key), and where the account is.
    """

    role: str
    policy: str
    owner: str
    region: str
    account: str


def install(folder: Path, port: int, door: Door | None = None) -> dict[str, str]:
    """
    Write the command; its tunnels end at *port*. Return the variable that makes others find it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = folder / "aws"
    words = [sys.executable, __file__, str(port), json.dumps(door and asdict(door))]
    command.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    command.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def main() -> None:
    """
    Hold a tunnel open until somebody ends it.
    """
    port, door = int(sys.argv[1]), json.loads(sys.argv[2])
    asked = sys.argv[3:]
    assert asked[:2] == ["ssm", "start-session"], asked
    refuse_what_aws_refuses()

    def option(name: str) -> str:
        return asked[asked.index(name) + 1]

    rights = Rights(Door(**door)) if door else None
    if rights:
        rights.start(option("--target"), option("--document-name"))
    signal.signal(signal.SIGTERM, lambda *_: rights.end() if rights else sys.exit(0))
    parameters = dict(part.split("=") for part in option("--parameters").split(","))
    listener = socket.create_server(("127.0.0.1", int(parameters["localPortNumber"])))
    while True:
        near, _ = listener.accept()
        far = socket.create_connection(("127.0.0.1", port))
        for pair in ((near, far), (far, near)):
            threading.Thread(target=copy, args=pair, daemon=True).start()


def refuse_what_aws_refuses() -> None:
    """
    End as AWS's command line does without a region or credentials.
    """
    if not (os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")):
        text = 'You must specify a region. You can also configure your region by running "aws configure".'
        sys.stderr.write(f"\n{text}\n")
        sys.exit(253)
    if not all(os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")):
        text = 'Unable to locate credentials. You can configure credentials by running "aws configure".'
        sys.stderr.write(f"\n{text}\n")
        sys.exit(253)


class Rights:
    """What the role may do with sessions."""

    def __init__(self, door: Door) -> None:
        self.door = door
        where = f"arn:aws:ssm:{door.region}"
        self.session = f"{where}:{door.account}:session/run-0123"
        self.documents = f"{where}::document/"
        self.instances = f"arn:aws:ec2:{door.region}:{door.account}:instance/"

    def start(self, target: str, document: str) -> None:
        checked = {"ssm:SessionDocumentAccessCheck": "true"}
        self.ask("ssm:StartSession", self.instances + target, checked)
        self.ask("ssm:StartSession", self.documents + document, checked)
        self.ask("ssmmessages:OpenDataChannel", self.session, {})

    def end(self) -> None:
        """End the session, as the Session Manager plugin does."""
        user = "AROAEXAMPLE:run"
        mark = {"ssm:resourceTag/aws:ssmmessages:session-id": user, "aws:userid": user}
        self.ask("ssm:TerminateSession", self.session, mark)
        sys.exit(0)

    def ask(self, action: str, resource: str, context: dict[str, str]) -> None:
        import boto3  # which takes half a second, and a session without a door does not ask

        session = boto3.Session(self.door.owner, "owner", region_name=self.door.region)
        iam: Any = session.client("iam")
        rights = iam.get_role_policy(RoleName=self.door.role, PolicyName=self.door.policy)
        if not allows(rights["PolicyDocument"], action, resource, context):
            sys.exit(f"An error occurred (AccessDeniedException): may not {action} on {resource}")


def copy(source: socket.socket, target: socket.socket) -> None:
    """
    Carry bytes until there are no more.
    """
    try:
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


if __name__ == "__main__":
    main()
