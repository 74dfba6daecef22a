"""A lock in a bucket: an object that its holder renews. Others may take it once it is stale.

Only the server's clock counts: the age of an object is the difference between its ``LastModified``
and that of an object put just now. Every change is conditional on the ETag that was read, so if
many processes try to take a stale lease, one of them wins.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import obstore

from statpipe.api import Locked, StatpipeError

LASTS = 60.0
"""Seconds after its last renewal that a lease counts as abandoned."""

_PAUSE = 0.5
_ABSENT = (FileNotFoundError, obstore.exceptions.PermissionDeniedError)
_LOST = (obstore.exceptions.PreconditionError, obstore.exceptions.AlreadyExistsError)


@attrs.define(kw_only=True)
class Lease:
    """
    The right to write under a name.
    """

    store: Any
    path: str
    readable: Callable[[str], AbstractContextManager[None]]
    patiently: Callable[[Callable[[], Any]], Any]
    lasts: float = attrs.field(factory=lambda: LASTS)
    _tag: str = attrs.field(default="", init=False)
    _holder: dict[str, Any] = attrs.field(factory=dict, init=False)
    _lost: str = attrs.field(default="", init=False)
    _guard: Any = attrs.field(factory=threading.Lock, init=False, repr=False)

    @contextmanager
    def held(self, shown: str, wait: float, run_id: Callable[[], str]) -> Iterator[str]:
        """
        Hold the lease, trying for *wait* seconds. Yield the run id made for it.

        :raises Locked: Another process still holds it after that time.
        """
        deadline = time.monotonic() + wait
        while not self._taken(run_id):
            if time.monotonic() >= deadline:
                raise Locked(self._who_holds(shown))
            time.sleep(_PAUSE)
        ended = threading.Event()
        renewing = threading.Thread(target=self._renew_until, args=(ended,), daemon=True)
        try:
            renewing.start()
            yield str(self._holder["run_id"])
        finally:
            ended.set()
            if renewing.ident is not None:
                renewing.join()
            self._give_back()

    def confirm(self) -> None:
        """
        Renew the lease now.

        :raises Locked: It was lost: it was not renewed in time, so another process took it.
        """
        with self._guard:
            if not self._lost and not self._put(self._body(), {"e_tag": self._tag}):
                self._lost = "another run has taken it"
            if self._lost:
                msg = (
                    f"the lock {self.path} was lost during this run ({self._lost}): nothing more "
                    "was recorded; run again"
                )
                raise Locked(msg)

    def _taken(self, run_id: Callable[[], str]) -> bool:
        with self.readable(self.path):
            body, meta = self._there_or_nothing()
        if meta is not None and not self._is_free(body, meta):
            return False
        self._holder = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "nonce": secrets.token_hex(8),
            # If the put succeeds, nobody else has held the lease since it was read, so the id is
            # still right.
            "run_id": run_id(),
        }
        return self._put(self._body(), "create" if meta is None else {"e_tag": meta["e_tag"]})

    def _is_free(self, body: bytes, meta: Any) -> bool:
        if _parsed(body).get("released"):
            return True
        return bool(self._now() - meta["last_modified"] > timedelta(seconds=self.lasts))

    def _put(self, body: bytes, mode: Any) -> bool:
        """Put the object conditionally. The reply to a successful put may have been lost."""
        with self.readable(self.path):
            try:
                put = self.patiently(lambda: obstore.put(self.store, self.path, body, mode=mode))
                self._tag = str(put["e_tag"])
            except _LOST:
                there, meta = self._there()
                if there != body:
                    return False
                self._tag = str(meta["e_tag"])
        return True

    def _there(self) -> tuple[bytes, Any]:
        def get() -> tuple[bytes, Any]:
            there = obstore.get(self.store, self.path)
            return bytes(there.bytes()), there.meta

        found: tuple[bytes, Any] = self.patiently(get)
        return found

    def _there_or_nothing(self) -> tuple[bytes, Any]:
        try:
            return self._there()
        except _ABSENT:  # if reading is forbidden, so is putting
            return b"", None

    def _body(self) -> bytes:
        # A different body each time: equal bodies have the same ETag, so a condition would not
        # help.
        self._holder["renewed"] = secrets.token_hex(8)
        return json.dumps(self._holder).encode()

    def _now(self) -> datetime:
        """Ask the server's clock."""
        clock = f"{self.path}.clock"
        with self.readable(clock):
            self.patiently(lambda: obstore.put(self.store, clock, secrets.token_hex(8).encode()))
            moment: datetime = self.patiently(lambda: obstore.head(self.store, clock))[
                "last_modified"
            ]
        return moment

    def _renew_until(self, ended: threading.Event) -> None:
        renewed = time.monotonic()
        while not ended.wait(self.lasts / 4):
            try:
                self.confirm()
                renewed = time.monotonic()
            except Locked:
                return  # reported when the run wants to record
            except StatpipeError:
                if time.monotonic() - renewed > self.lasts:
                    self._lost = "it could not be renewed in time"
                    return

    def _give_back(self) -> None:
        """Mark the lease as free. The pipeline's role may not delete it."""
        self._holder["released"] = True
        with self._guard, suppress(StatpipeError):  # then it becomes stale by itself
            if not self._lost:
                self._put(self._body(), {"e_tag": self._tag})

    def _who_holds(self, shown: str) -> str:
        with self.readable(self.path):
            holder = _parsed(self._there()[0])
        try:
            who = (
                f"run {holder['run_id']} (process {holder['pid']} on {holder['host']}, since "
                f"{holder['since']})"
            )
        except KeyError:
            who = "another run"
        return f"{shown} is locked by {who}; wait for it with --wait SECONDS, or run again later"


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
