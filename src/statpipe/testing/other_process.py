"""The same work in other processes: other hashes, another time zone, another day.

There are two processes, with fixed hash seeds. So whether the order of a set affects the work
depends on the work alone, and not on the seed of this process.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import pickle
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from statpipe.api import Check, Dataset, Normalizer, Payload, Snapshot

_SECONDS = 120
_DAYS = 1_234
_HASH_SEEDS = ("77", "78")
_CALL = "from statpipe.testing.other_process import answer; answer()"


@frozen
class Answer:
    """
    The answer of another process: a hash of the sealed table, or why there is none.
    """

    hashed: str = ""
    problem: str = ""


def normalized_elsewhere(
    normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
) -> list[Answer]:
    """
    Normalize in processes with other hash seeds, another time zone, locale, day and random seed.

    :raises Exception: The arguments cannot be pickled; whatever pickle raises.
    """
    return _elsewhere("normalize", normalizer, (normalizer, dataset, list(payloads)))


def judged_elsewhere(check: Check, current: Snapshot, previous: Snapshot | None) -> list[Answer]:
    """
    Judge in such processes; ``hashed`` is then the verdict as text.

    :raises Exception: The arguments cannot be pickled; whatever pickle raises.
    """
    return _elsewhere("judge", check, (check, current, previous))


def _elsewhere(work: str, thing: object, arguments: tuple[Any, ...]) -> list[Answer]:
    module = sys.modules[thing.__module__]
    where = {
        "work": work,
        "path": sys.path,
        "module": module.__name__,
        "file": getattr(module, "__file__", None),
    }
    asked = json.dumps(where).encode() + b"\n" + pickle.dumps(arguments)
    with ThreadPoolExecutor(len(_HASH_SEEDS)) as at_once:
        return list(at_once.map(lambda seed: _ask(seed, asked), _HASH_SEEDS))


def _ask(hash_seed: str, asked: bytes) -> Answer:
    variables = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "PYTHONWARNDEFAULTENCODING": "1",
    }
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-P", "-W", "ignore", "-c", _CALL],
        input=asked,
        capture_output=True,
        env=variables,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        return Answer(problem=lines[-1] if lines else f"exit code {done.returncode}")
    return Answer(**json.loads(done.stdout.splitlines()[-1]))


def answer() -> None:
    """
    Do the work given on standard input. The other process runs this.
    """
    import random

    from statpipe.testing.clock import clock_moved

    where = json.loads(sys.stdin.buffer.readline())
    sys.path[:] = where["path"]
    arguments = sys.stdin.buffer.read()
    # First with the real clock: compiled modules, such as pandas, must be loaded with it.
    _said(where, arguments)
    _forget(where["module"])
    random.seed(77)
    with clock_moved(_DAYS):
        said = _said(where, arguments)
    sys.stdout.write(json.dumps(said) + "\n")


def _said(where: dict[str, Any], arguments: bytes) -> dict[str, str]:
    try:
        _import(where["module"], where["file"])
        with warnings.catch_warnings():
            # Bytes decoded with a machine's locale give another text on another machine.
            warnings.filterwarnings("error", category=EncodingWarning, module=_package(where))
            return {"hashed": _WORK[where["work"]](*pickle.loads(arguments))}  # noqa: S301 - our own
    except Exception as error:  # noqa: BLE001 - told to the process that asked
        return {"problem": f"{type(error).__name__}: {error}"}


def _package(where: dict[str, Any]) -> str:
    return re.escape(str(where["module"]).partition(".")[0])


def _forget(module: str) -> None:
    """
    Let the author's package be imported again, to repeat its work at import; except compiled
    modules.
    """
    package = module.partition(".")[0]
    mine = {module} if package == "statpipe" else {module, package}
    for name, loaded in list(sys.modules.items()):
        own = name in mine or (package != "statpipe" and name.startswith(f"{package}."))
        if own and str(getattr(loaded, "__file__", None) or ".py").endswith(".py"):
            del sys.modules[name]


def _normalize(normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]) -> str:
    described = normalizer.describe(dataset, payloads)
    return sealed_hash(normalizer.normalize(described, payloads), described)


def _judge(check: Check, current: Snapshot, previous: Snapshot | None) -> str:
    return repr(check.check(current, previous))


_WORK: dict[str, Callable[..., str]] = {"normalize": _normalize, "judge": _judge}


def sealed_hash(table: Any, dataset: Dataset) -> str:
    """
    Return a hash of everything that Silver would hold of a normalizer's table.
    """
    from statpipe.domain.canonical import content_hash
    from statpipe.domain.seal import seal

    return content_hash(seal(table, dataset, "2000-01-01"))


def _import(name: str, file: str | None) -> None:
    """Import a module by its name, or from its file if others cannot use the name."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        spec = importlib.util.spec_from_file_location(name, file) if file else None
        if spec is None or spec.loader is None:
            raise
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
