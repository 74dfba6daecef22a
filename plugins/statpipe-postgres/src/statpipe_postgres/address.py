"""What may be said of a database's address: everything but its credentials."""

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
"""An address whose password may contain a raw ``@`` or ``/``."""

_PORTS = re.compile(r"[0-9,]*")


@frozen
class Address:
    """
    A libpq address, taken apart. ``by_token``: tokens of AWS's stand in for a password.
    """

    parameters: Mapping[str, str] = field(repr=False)
    by_token: bool = field(default=False, kw_only=True)

    def __str__(self) -> str:
        """Say host and database."""
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
        The role that we log in as, where the address names one.
        """
        return self.parameters.get("user")

    @property
    def tunnel(self) -> str | None:
        """
        Where the connection goes instead of to the host, whose name is still the server's.
        """
        host, real = self.parameters.get("host"), self.parameters.get("hostaddr")
        return real if host and real and real != host else None

    @property
    def stays_here(self) -> bool:
        """
        Whether host and address, as far as they are known, are this machine.
        """
        if self._given("service"):
            return False
        places = f"{self._given('host')},{self._given('hostaddr')}"
        return all(is_here(place) for place in places.split(","))

    @property
    def uri(self) -> str:
        """
        The address for ``psql`` and other tools, which ask for the password or know it.
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
        Replace whatever of our credentials stands in a text by stars.
        """
        secrets = [self.parameters.get(name) for name in _HIDDEN]
        for secret in (*secrets, os.environ.get("PGPASSWORD")):
            for form in (secret, quote(secret, safe="")) if secret else ():
                text = text.replace(form or "", "***")
        return text

    def _given(self, name: str) -> str:
        """Return a parameter as libpq would find it."""
        return self.parameters.get(name) or os.environ.get(f"PG{name.upper()}", "")


def is_here(place: str) -> bool:
    """
    Return whether a host or an address is this machine; the empty one is libpq's default, which is.
    """
    if not place or place == "localhost" or place.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(place).is_loopback
    except ValueError:
        return False


def served_address(dsn: Secret, environment: str) -> Address:
    """
    Take the address of a served database apart.

    :raises ConfigError: It is none.
    """
    text = dsn.reveal().strip()
    try:
        parameters = conninfo_to_dict(text) if _URI.fullmatch(text) or "://" not in text else {}
    except ProgrammingError:
        # The parser quotes what it does not understand, and that may be the password.
        parameters = {}
    if not parameters or not _PORTS.fullmatch(str(parameters.get("port", ""))):
        msg = (
            f"environment {environment}: the dsn of the sink postgres is not a PostgreSQL "
            "address; write postgresql://user:password@host:5432/database, with every special "
            "character of the password percent-encoded"
        )
        raise ConfigError(msg)
    return Address({name: str(value) for name, value in parameters.items() if value is not None})
