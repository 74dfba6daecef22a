"""AWS's command line, as far as pages of statpipe print it: through boto3, with a client that is given.

As a program, it is called ``aws``.
"""

from __future__ import annotations

import json
import shlex
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jmespath

_CALLED = {"s3api": "s3"}


@contextmanager
def installed(folder: Path, client: Callable[[str], Any]) -> Iterator[Path]:
    """
    Give a folder with the program. It asks us, so that not each line of a page waits for boto3.
    """
    with socketserver.TCPServer(("127.0.0.1", 0), _answering(client)) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        folder.mkdir(parents=True, exist_ok=True)
        ask, command = folder / "ask.py", folder / "aws"
        ask.write_text(_ASK.format(address=server.server_address))
        command.write_text(
            f'#!/bin/sh\nexec {shlex.join([sys.executable, "-IS", str(ask)])} "$@"\n'
        )
        command.chmod(0o755)
        try:
            yield folder
        finally:
            server.shutdown()


_ASK = """
import json, socket, sys

with socket.create_connection({address}) as asked:
    asked.sendall(json.dumps(sys.argv[1:]).encode())
    asked.shutdown(socket.SHUT_WR)
    with asked.makefile() as reply:
        said, failed = json.load(reply)
print(said, end="")
sys.exit(failed)
"""


def _answering(client: Callable[[str], Any]) -> type[socketserver.StreamRequestHandler]:
    class Answers(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            try:
                answer = [_as_printed(client, json.load(self.rfile)), None]
            except Exception as error:  # noqa: BLE001 - the page's command fails
                answer = ["", str(error)]
            self.wfile.write(json.dumps(answer).encode())

    return Answers


def does(client: Callable[[str], Any], words: Sequence[str]) -> Any:
    """
    Make the request of ``SERVICE OPERATION --OPTION VALUE``; return all pages of the answer as one.
    """
    service, operation, *rest = words
    api = client(_CALLED.get(service, service))
    method = operation.replace("-", "_")
    if operation == "wait":
        assert rest[0].replace("-", "_") in api.waiter_names
        return None
    name = api.meta.method_to_api_mapping[method]
    members = api.meta.service_model.operation_model(name).input_shape.members
    spelled = {member.lower(): member for member in members}
    request: dict[str, Any] = {}
    member, shape = "", ""
    for word in rest:
        if not word.startswith("--"):
            value = json.loads(word) if shape == "structure" else word
            request[member] = [*request.get(member, ()), value] if shape == "list" else value
            continue
        option = word.removeprefix("--").replace("-", "")
        if option == "region":
            assert api.meta.region_name
            member, shape = option, "string"
            continue
        yes = option in spelled
        member = spelled[option if yes else option.removeprefix("no")]
        shape = members[member].type_name
        if shape == "boolean":
            request[member] = yes
    request.pop("region", None)
    if api.can_paginate(method):
        return api.get_paginator(method).paginate(**request).build_full_result()
    return getattr(api, method)(**request)


def _as_printed(client: Callable[[str], Any], words: list[str]) -> str:
    """
    Answer as ``--output text`` does, of what ``--query`` chooses.
    """
    query = None
    for option in ("--query", "--output"):
        if option in words:
            place = words.index(option)
            value = words[place + 1]
            del words[place : place + 2]
            query = value if option == "--query" else query
            assert option == "--query" or value == "text"
    answer = json.loads(json.dumps(does(client, words), default=_as_text))
    rows = jmespath.search(query, answer) or [] if query else []
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def _as_text(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else ""
