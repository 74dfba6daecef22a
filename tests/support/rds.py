"""What RDS puts before a PostgreSQL: TLS by its own certificate, and logins by token or password.

PostgreSQL itself admits everybody here; this decides. It listens on 127.0.0.1 and is reached as
through a tunnel.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

import psycopg
from psycopg.conninfo import make_conninfo

from support.tls_postgres import Authority, TlsServer

ADMIT_ALL = "host all all 127.0.0.1/32 trust\n"
_SSL_REQUEST, _CANCEL_REQUEST = 80877103, 80877102


class Rds:
    """
    An instance called *host*. *admits* is asked with user and password, or token, of each login.
    """

    def __init__(self, folder: Path, host: str, admits: Callable[[str, str], bool]) -> None:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.host, self.admits = host, admits
        self.authority = Authority(folder / "authority", "rds")
        self.logins: list[tuple[str, bool]] = []
        self.server = TlsServer(folder / "postgres", self.authority, ADMIT_ALL)
        key, certificate = self.authority.certificate(host)
        (folder / "key").write_bytes(key)
        (folder / "certificate").write_bytes(certificate)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "certificate", folder / "key")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self.server.start()
        self._thread.start()
        self._listener = self._ask(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            self._listener.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._ask(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self.server.stop()

    def make_roles(self, administrator: str, database: str) -> None:
        """
        Make what RDS makes by itself: its role for tokens, and the database of an administrator who
        is no superuser.
        """
        with self.connect("postgres") as master:
            master.execute("CREATE ROLE rds_iam")
            master.execute(f"CREATE ROLE {administrator} LOGIN CREATEROLE CREATEDB")
            master.execute(
                f"GRANT rds_iam TO {administrator} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"
            )
            master.execute(f"CREATE DATABASE {database} OWNER {administrator}")

    def connect(self, database: str) -> psycopg.Connection:
        """
        Look inside, past the door.
        """
        address = make_conninfo(
            host="127.0.0.1", port=self.server.port, user="master", dbname=database
        )
        return psycopg.connect(address, autocommit=True)

    def _ask(self, what):
        return asyncio.run_coroutine_threadsafe(_awaited(what), self._loop).result(60)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._talk(reader, writer)
        with contextlib.suppress(OSError):
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, code = struct.unpack("!ii", await reader.readexactly(8))
        if code != _SSL_REQUEST:
            await _refuse(writer, "no pg_hba.conf entry for host, no encryption")
            return
        writer.write(b"S")
        await writer.start_tls(self._context)
        (length,) = struct.unpack("!i", head := await reader.readexactly(4))
        first = head + await reader.readexactly(length - 4)
        if struct.unpack("!i", first[4:8])[0] != _CANCEL_REQUEST:
            words = first[8:].split(b"\0")
            user = dict(zip(words[::2], words[1::2], strict=False))[b"user"].decode()
            if not await self._is_admitted(user, reader, writer):
                await _refuse(writer, f'PAM authentication failed for user "{user}"')
                return
        there, back = await asyncio.open_connection("127.0.0.1", self.server.port)
        back.write(first)
        await asyncio.gather(_copy(reader, back), _copy(there, writer))

    async def _is_admitted(
        self, user: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        writer.write(b"R" + struct.pack("!ii", 8, 3))
        await reader.readexactly(1)
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        word = (await reader.readexactly(length - 4))[:-1].decode()
        admitted = await self._loop.run_in_executor(None, self.admits, user, word)
        self.logins.append((user, admitted))
        return admitted


def signed_for(token: str, host: str, user: str) -> str | None:
    """
    Return the access key that signed a token for this login, or ``None`` if it is for another.
    """
    address = urlsplit(f"https://{token}")
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    wanted = {"Action": "connect", "DBUser": user, "X-Amz-Expires": "900"}
    if address.netloc != f"{host}:5432" or not wanted.items() <= query.items():
        return None
    return query["X-Amz-Credential"].split("/")[0]


async def _awaited(what):
    return await what


async def _refuse(writer: asyncio.StreamWriter, text: str) -> None:
    said = b"SFATAL\0C28000\0M" + text.encode() + b"\0\0"
    writer.write(b"E" + struct.pack("!i", len(said) + 4) + said)
    await writer.drain()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while part := await source.read(65536):
            target.write(part)
            await target.drain()
    finally:
        target.close()
