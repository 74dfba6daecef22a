"""Make schemas, roles and grants in the database of an environment, as its administrator.

    python provisioning/init_database.py --env staging

Reads the administrator's password from the secret that RDS keeps, opens a tunnel through the bastion
where there is one, and runs ``statpipe db init``. The password is in no file and on no command line.
Settings and exit codes are those of ``provision_aws.py``, then those of statpipe.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import boto3  # noqa: E402
from attrs import field, frozen  # noqa: E402
from botocore.exceptions import BotoCoreError, ClientError  # noqa: E402
from psycopg.conninfo import make_conninfo  # noqa: E402
from scripts.tunnel import LOCAL_PORT, CannotRun, tunnel  # noqa: E402

from provisioning.account import Account  # noqa: E402
from provisioning.bastion import find_bastion  # noqa: E402
from provisioning.database import find_database  # noqa: E402
from provisioning.failures import Misconfigured, ProvisioningError, Unreachable, told  # noqa: E402
from provisioning.names import DATABASE, PORT, Names  # noqa: E402
from provisioning.provision_aws import INTERRUPTED, known_grants, regions, warn  # noqa: E402
from provisioning.settings import ENVIRONMENTS, NO_SERVER, OWN, Settings, read_settings  # noqa: E402
from provisioning.variables import read_variables  # noqa: E402
from statpipe.engine.site.aws_environment import aws_exported  # noqa: E402


@frozen(kw_only=True)
class Served:
    """
    The database, who administers it, and the way there.
    """

    host: str
    user: str
    password: str = field(repr=False)
    bastion: str | None

    @property
    def dsn(self) -> str:
        """
        The connection string, password included.
        """
        way = {"hostaddr": "127.0.0.1", "port": LOCAL_PORT} if self.bastion else {"port": PORT}
        return make_conninfo(
            host=self.host, user=self.user, password=self.password, dbname=DATABASE, **way
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run, and say in one line why where that cannot be.
    """
    parser = argparse.ArgumentParser(prog="init_database.py", description=__doc__.split("\n")[0])
    parser.add_argument("--env", required=True, choices=ENVIRONMENTS, help="which environment")
    parser.add_argument("--env-file", type=Path, metavar="FILE", help="instead of .env")
    asked = parser.parse_args(arguments)
    file = asked.env_file or ROOT / ".env"
    try:
        variables = read_variables(file, os.environ, required=asked.env_file is not None)
        settings = read_settings(asked.env, variables, regions=regions(), bastion=True)
        with aws_exported(variables, file, warn):
            return _init(settings)
    except (ProvisioningError, CannotRun) as error:
        code = error.code if isinstance(error, CannotRun) else error.exit_code
        print(f"init_database: {error} (exit {code})", file=sys.stderr)
        return code
    except KeyboardInterrupt:
        print(f"init_database: interrupted; run again (exit {INTERRUPTED})", file=sys.stderr)
        return INTERRUPTED


def _init(settings: Settings) -> int:
    stem = settings.environment.upper()
    if settings.server == NO_SERVER:
        msg = f"DB_SERVER is {NO_SERVER}, so there is no database to make"
        raise Misconfigured(msg)
    if settings.server == OWN:
        msg = (
            f"DB_SERVER is {OWN}: no administrator of your PostgreSQL is known here; run `statpipe db init "
            f"--env {settings.environment}` with the administrator's connection string in STATPIPE_{stem}_PG"
        )
        raise Misconfigured(msg)
    served = _asked(settings)
    environment = {**os.environ, f"STATPIPE_{stem}_PG": served.dsn}
    command = [sys.executable, "-m", "statpipe", "db", "init", "--env", settings.environment]
    with contextlib.ExitStack() as stack:
        if served.bastion:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            stack.enter_context(tunnel(served.bastion, served.host, folder / "tunnel.log"))
        return subprocess.run(command, env=environment, check=False).returncode


def _asked(settings: Settings) -> Served:
    """Ask AWS where the database is, who administers it, and by which way it is reached."""
    account: Account | None = None
    try:
        session = boto3.Session(region_name=settings.region)
        account = Account(session=session, region=settings.region, plan=True)
        return _served(account, settings)
    except (BotoCoreError, ClientError) as error:
        raise told(
            error,
            asked=account.asked if account else "",
            region=settings.region,
            grants=known_grants(account, settings),
        ) from None


def _served(account: Account, settings: Settings) -> Served:
    name = Names(settings.environment).stem
    found = find_database(account, settings.environment)
    if found is None:
        msg = (
            f"there is no database {name} in {settings.region}; make it with "
            f"`python scripts/provision_aws.py --env {settings.environment}`"
        )
        raise Misconfigured(msg)
    host = (found.get("Endpoint") or {}).get("Address")
    if host is None:
        msg = f"the database {name} is {found['DBInstanceStatus']}; run again when it is available"
        raise Unreachable(msg)
    user, password = _administrator(account, name, found)
    bastion = find_bastion(account, settings.environment)
    return Served(
        host=host,
        user=user,
        password=password,
        bastion=bastion["InstanceId"] if bastion else None,
    )


def _administrator(account: Account, name: str, found: Mapping[str, Any]) -> tuple[str, str]:
    secret = (found.get("MasterUserSecret") or {}).get("SecretArn")
    if secret is None:
        msg = (
            f"RDS keeps no password for the administrator of {name}; run provision_aws.py again, "
            "which hands it over to RDS"
        )
        raise Misconfigured(msg)
    secrets = account.client("secretsmanager")
    kept = json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"])
    # RDS's own answer names the administrator; the secret has both.
    return str(found["MasterUsername"]), str(kept["password"])


if __name__ == "__main__":
    sys.exit(main())
