"""A database's address, and its display without credentials."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from attrs import field, frozen
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from statpipe.api import ConfigError, Secret

_TOLD = ("hostaddr", "service", "sslmode", "sslrootcert", "passfile", "target_session_attrs")
_HIDDEN = ("password", "sslpassword", "oauth_client_secret", "scram_client_key")

_URI = re.compile(r"postgres(ql)?://([^@/]*@)?[^@?]*(\?[^@]*)?")
"""An address whose password may contain an unescaped ``@`` or ``/``."""

_PORTS = re.compile(r"[0-9,]*")


@frozen
class Address:
    """
    A parsed libpq address. With ``by_token``, AWS tokens replace the password.
    """

    parameters: Mapping[str, str] = field(repr=False)
    by_token: bool = field(default=False, kw_only=True)

    def __str__(self) -> str:
        """Return host and database."""
        host = self.parameters.get("host") or self.parameters.get("hostaddr")
        port = self.parameters.get("port")
        if host is None and (service := self.parameters.get("service")):
            return f"service {service}"
        where = f"{host} through {self.tunnel}" if self.tunnel else host or "this machine"
        place = f"{where}:{port}" if port else where
        return f"{place}, database {self.parameters.get('dbname') or self.user or '(default)'}"

    @property
    def user(self) -> str | None:
        """
        The role that we log in as, if the address names one.
        """
        return self.parameters.get("user")

    @property
    def tunnel(self) -> str | None:
        """
        The actual target of the connection, if it is not the host. The host is still the server's
        name.
        """
        host, real = self.parameters.get("host"), self.parameters.get("hostaddr")
        return real if host and real and real != host else None

    @property
    def stays_here(self) -> bool:
        """
        Whether host and address, if known, are this machine.
        """
        if self._given("service"):
            return False
        places = f"{self._given('host')},{self._given('hostaddr')}"
        return all(is_here(place) for place in places.split(","))

    @property
    def uri(self) -> str:
        """
        The address for ``psql`` and other tools, without the password.
        """
        host, port = self.parameters.get("host", ""), self.parameters.get("port", "")
        told = {name: self.parameters[name] for name in _TOLD if name in self.parameters}
        if {"/", ","} & set(host + port) or ":" in host:
            told |= {"host": host} | ({"port": port} if port else {})
            host = port = ""
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        place = f"{quote(host)}:{port}" if port else quote(host)
        database = quote(self.parameters.get("dbname", ""), safe="")
        query = f"?{urlencode(told, safe='/', quote_via=quote)}" if told else ""
        return f"postgresql://{user}{place}/{database}{query}"

    def hide(self, text: str) -> str:
        """
        Replace our credentials in a text by stars.
        """
        secrets = [self.parameters.get(name) for name in _HIDDEN]
        for secret in (*secrets, os.environ.get("PGPASSWORD")):
            for form in (secret, quote(secret, safe="")) if secret else ():
                text = text.replace(form or "", "***")
        return text

    def _given(self, name: str) -> str:
        """Return the value of a parameter as libpq finds it."""
        return self.parameters.get(name) or os.environ.get(f"PG{name.upper()}", "")


def is_here(place: str) -> bool:
    """
    Return whether a host or an address is this machine. An empty one is, because it is libpq's
    default.
    """
    if not place or place == "localhost" or place.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(place).is_loopback
    except ValueError:
        return False


def served_address(dsn: Secret, environment: str) -> Address:
    """
    Parse the address of a database on a server.

    :raises ConfigError: The address is not valid.
    """
    text = dsn.reveal().strip()
    try:
        parameters = conninfo_to_dict(text) if _URI.fullmatch(text) or "://" not in text else {}
    except ProgrammingError:
        # The parser's message quotes what it does not understand, which may be the password.
        parameters = {}
    if not parameters or not _PORTS.fullmatch(str(parameters.get("port", ""))):
        msg = (
            f"environment {environment}: the dsn of the sink postgres is not a PostgreSQL "
            "address; write postgresql://user:password@host:5432/database, with every special "
            "character of the password percent-encoded"
        )
        raise ConfigError(msg)
    return Address({name: str(value) for name, value in parameters.items() if value is not None})
