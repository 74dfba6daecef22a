"""A package index on the loopback interface, and tiny wheels for it."""

from __future__ import annotations

import base64
import hashlib
import html
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self


def wheel(folder: Path, name: str, version: str, *, needs=(), extras=None, code="") -> Path:
    """Write a wheel whose module *name* holds *code*; *extras* maps an extra to what it needs."""
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {need}" for need in needs]
    for extra, wanted in (extras or {}).items():
        metadata.append(f"Provides-Extra: {extra}")
        metadata += [f"Requires-Dist: {need}; extra == '{extra}'" for need in wanted]
    files = {
        f"{name}.py": f"__version__ = {version!r}\n{code}",
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            # A fixed date: the same wheel has the same hash.
            archive.writestr(zipfile.ZipInfo(member), text)
    return path


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def pin(path: Path) -> str:
    """Return the line of a lock that names this wheel."""
    name, version, *_ = path.name.split("-")
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class PackageIndex:
    """Serves the wheels of a folder as the simple repository API does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                index.asked.append(self.path)
                kind, _, name = self.path.strip("/").partition("/")
                body = b""
                if kind == "simple":
                    found = sorted(index.folder.glob(f"{name}-*.whl"))
                    links = (f'<a href="/files/{p.name}">{html.escape(p.name)}</a>' for p in found)
                    body = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()
                elif (path := index.folder / Path(name).name).is_file():
                    body = path.read_bytes()
                self.send_response(200 if body else 404)
                self.send_header(
                    "Content-Type", "text/html" if kind == "simple" else "application/zip"
                )
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/simple"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()
