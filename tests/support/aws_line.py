"""AWS's command line, as far as pages of statpipe print it: through boto3, with a client that is given.

As a program, it is called ``aws`` and reaches the account that AWS's own variables lead to.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_CALLED = {"s3api": "s3"}


def install(folder: Path) -> Path:
    """
    Write the program; return the folder that holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = folder / "aws"
    command.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, __file__])} "$@"\n')
    command.chmod(0o755)
    return folder


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


def main() -> None:
    """
    Answer as ``--output text`` does, of what ``--query`` chooses.
    """
    import boto3
    import jmespath

    words = sys.argv[1:]
    query = None
    for option in ("--query", "--output"):
        if option in words:
            place = words.index(option)
            value = words[place + 1]
            del words[place : place + 2]
            query = value if option == "--query" else query
            assert option == "--query" or value == "text"
    answer = json.loads(json.dumps(does(boto3.client, words), default=_as_text))
    for row in jmespath.search(query, answer) or [] if query else []:
        print("\t".join(map(str, row)))  # noqa: T201


def _as_text(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else ""


if __name__ == "__main__":
    sys.path.pop(0)
    main()
