"""Logging in with tokens signed by AWS: new ones, for the instance's own name, and never shown."""

# ruff: noqa: PLR0917 - fixtures come as positional arguments

from __future__ import annotations

import contextlib
import json
import logging
import socket
import ssl
import struct
import subprocess
import sys
import threading
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from statpipe.api import ConfigError, Environment, Secret, Unavailable
from statpipe_postgres.address import served_address
from statpipe_postgres.connection import Connection
from statpipe_postgres.iam import IamLogin, iam_login
from statpipe_postgres.settings import PostgresSettings

TUNNEL = "host=db.abc.us-west-2.rds.amazonaws.com hostaddr=127.0.0.1 port=15432 user=ingest"
START = (
    "PostgreSQL at db.abc.us-west-2.rds.amazonaws.com through 127.0.0.1:15432, database ingest: "
    "no IAM token for the role ingest: "
)
OWN_NAME = "the instance's own name in the dsn; write host=NAME.rds.amazonaws.com, and for a tunnel"
AGAIN = "log in to AWS again (aws sso login), or let the job assume its role again"


@pytest.fixture
def aws(monkeypatch):
    """Credentials in the process environment, and nowhere else to look."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "canary-session")


@pytest.fixture
def no_aws(aws, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)


@pytest.fixture
def login(tmp_path):
    def make(dsn=TUNNEL, **settings):
        environment = Environment(name="staging", home=tmp_path)
        made = PostgresSettings(dsn=Secret(dsn), environment=environment, iam=True, **settings)
        return iam_login(served_address(Secret(dsn), "staging"), made)

    return make


def parts(token):
    address = urlsplit(f"https://{token}")
    return address.netloc, {name: value for name, (value,) in parse_qs(address.query).items()}


def test_a_token_is_signed_for_the_instance_and_not_for_the_tunnel(aws, login):
    place, query = parts(login().token())
    assert place == "db.abc.us-west-2.rds.amazonaws.com:5432"
    assert (query["Action"], query["DBUser"]) == ("connect", "ingest")
    assert query["X-Amz-Expires"] == "900"
    assert query["X-Amz-Credential"].split("/")[2:] == ["us-west-2", "rds-db", "aws4_request"]


@pytest.mark.parametrize(
    ("dsn", "settings", "port"),
    [
        (TUNNEL, {}, 5432),
        (TUNNEL, {"iam_port": 6432}, 6432),
        ("host=db.example.org port=6432 user=u", {}, 6432),
        ("host=db.example.org port=6432 user=u", {"iam_port": 5432}, 5432),
        ("host=db.example.org user=u", {}, 5432),
    ],
)
def test_the_port_is_that_of_the_instance(login, dsn, settings, port):
    assert login(dsn, **settings).port == port


def test_the_region_comes_from_settings_host_name_or_aws(aws, login, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    elsewhere = "host=db.example.org user=u"
    for made, region in (
        (login(iam_region="us-east-1"), "us-east-1"),
        (login(), "us-west-2"),
        (login(elsewhere), "eu-central-1"),
    ):
        assert f"/{region}/rds-db/" in parts(made.token())[1]["X-Amz-Credential"]


@pytest.mark.parametrize(
    ("dsn", "missing"),
    [
        (
            "hostaddr=127.0.0.1 user=u",
            f"{OWN_NAME} also hostaddr=127.0.0.1 and its port",
        ),
        ("host=localhost port=15432 user=u", OWN_NAME),
        ("host=a.example.org,b.example.org user=u", OWN_NAME),
        ("host=db.example.org", "a role in the dsn; write user=statpipe_ingest"),
    ],
)
def test_an_incomplete_address_for_tokens_is_refused(login, dsn, missing):
    with pytest.raises(ConfigError) as caught:
        login(dsn)
    start = "environment staging: iam = true of the sink postgres needs "
    assert str(caught.value).startswith(start + missing)


@pytest.mark.parametrize("mode", ["disable", "require"])
def test_a_token_is_never_sent_to_an_unverified_server(tmp_path, mode):
    settings = PostgresSettings(
        dsn=Secret(f"{TUNNEL} sslmode={mode}"),
        environment=Environment(name="staging", home=tmp_path, embedded=True),
        iam=True,
        allow_insecure=True,
    )
    with pytest.raises(ConfigError) as caught:
        Connection(settings)
    assert str(caught.value) == (
        f"environment staging: sslmode={mode} in the dsn of the sink postgres would let an "
        "attacker get IAM tokens by impersonating db.abc.us-west-2.rds.amazonaws.com "
        "through 127.0.0.1:15432, database ingest; remove sslmode from the dsn, and set `ca`"
    )


def test_without_credentials_the_error_says_what_to_do(no_aws, login):
    with pytest.raises(ConfigError) as caught:
        login().token()
    assert str(caught.value) == (
        f"{START}Unable to locate credentials; log in to AWS and set AWS_PROFILE to the profile, "
        "or let the job assume its role before it runs statpipe"
    )


def test_without_a_region_the_error_says_where_to_set_it(aws, login):
    with pytest.raises(ConfigError) as caught:
        login("host=db.example.org user=u").token()
    assert str(caught.value) == (
        "PostgreSQL at db.example.org, database u: no IAM token for the role u: You must specify a "
        "region.; set iam_region of the sink postgres, or AWS_REGION"
    )


def profile(tmp_path, monkeypatch, text):
    config = tmp_path / "aws-config"
    config.write_text(f"[profile figures]\n{text}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "figures")


def test_expired_credentials_are_reported_with_a_remedy(no_aws, login, tmp_path, monkeypatch):
    expired = tmp_path / "expired.json"
    expired.write_text(
        json.dumps(
            {
                "Version": 1,
                "AccessKeyId": "AKIAEXAMPLE",
                "SecretAccessKey": "canary-secret",
                "SessionToken": "canary-session",
                "Expiration": "2020-01-01T00:00:00Z",
            }
        )
    )
    profile(tmp_path, monkeypatch, f"credential_process = cat {expired}")
    with pytest.raises(ConfigError) as caught:
        login().token()
    assert str(caught.value) == (
        f"{START}Credentials were refreshed, but the refreshed credentials are still expired.; "
        f"{AGAIN}"
    )


def test_an_expired_sso_session_is_reported_with_a_remedy(no_aws, login, tmp_path, monkeypatch):
    profile(
        tmp_path,
        monkeypatch,
        "sso_start_url = https://example.org\nsso_region = us-east-1\n"
        "sso_account_id = 111122223333\nsso_role_name = r\n",
    )
    with pytest.raises(ConfigError, match=r"SSO .*; log in to AWS again \(aws sso login\), or let"):
        login().token()


def test_an_unknown_profile_is_named(no_aws, login, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with pytest.raises(ConfigError) as caught:
        login().token()
    assert "(nowhere) could not be found; log in to AWS and set AWS_PROFILE to the profile" in str(
        caught.value
    )


def test_an_unreachable_role_service_is_a_temporary_error(no_aws, login, tmp_path, monkeypatch):
    web = tmp_path / "web-identity"
    web.write_text("canary-web")
    profile(
        tmp_path,
        monkeypatch,
        f"role_arn = arn:aws:iam::111122223333:role/r\nweb_identity_token_file = {web}",
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(Unavailable) as caught:
        login().token()
    assert str(caught.value).endswith("; check that AWS is reachable, and run again")
    assert "canary" not in str(caught.value)


def test_without_boto3_the_error_says_what_to_install(login, monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(ConfigError) as caught:
        login().token()
    assert str(caught.value) == (
        "iam = true of the sink postgres needs boto3, which is not installed; run `make "
        "runtime`, or pip install boto3"
    )


def test_boto3_is_only_loaded_to_sign_a_token():
    code = "import sys; import statpipe_postgres.sink; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class Doorkeeper:
    """Asks over TLS for the token, as RDS does, remembers it, and turns everybody away."""

    def __init__(self, folder, key, certificate):
        (folder / "key").write_bytes(key)
        (folder / "certificate").write_bytes(certificate)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "certificate", folder / "key")
        self.tokens = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, contextlib.suppress(OSError):
                client.recv(8)
                client.sendall(b"S")
                with self.context.wrap_socket(client, server_side=True) as secure:
                    self.turn_away(secure)

    def turn_away(self, secure):
        wire = secure.makefile("rwb")
        wire.read(struct.unpack("!i", wire.read(4))[0] - 4)
        wire.write(b"R" + struct.pack("!ii", 8, 3))
        wire.flush()
        wire.read(1)
        self.tokens.append(wire.read(struct.unpack("!i", wire.read(4))[0] - 4)[:-1].decode())
        said = b'SFATAL\0C28000\0MPAM authentication failed for user "ingest"\0\0'
        wire.write(b"E" + struct.pack("!i", len(said) + 4) + said)
        wire.flush()


@pytest.fixture
def doorkeeper(tmp_path, authority):
    keeper = Doorkeeper(tmp_path, *authority.certificate("statpipe.test"))
    yield keeper
    keeper.listener.close()


def test_a_refused_token_is_reported_with_its_requirements(aws, doorkeeper, make_sink, ca, key):
    address = f"host=statpipe.test hostaddr=127.0.0.1 port={doorkeeper.port} user=ingest"
    sink = make_sink(address=address, ca=ca, iam=True, iam_region="us-east-1")
    with pytest.raises(ConfigError) as caught:
        sink.fingerprint(key)
    assert str(caught.value).endswith(
        'FATAL:  PAM authentication failed for user "ingest"; AWS or the server refuses the token: '
        "check that the AWS credentials have not expired, that their policy allows rds-db:connect "
        "for the role, that iam_region, if set, is the instance's, and that the role has rds_iam "
        "(statpipe db init grants it)"
    )
    (token,) = doorkeeper.tokens
    assert parts(token)[0] == "statpipe.test:5432"
    assert token not in str(caught.value)


def test_a_token_is_never_shown(aws, doorkeeper, make_sink, ca, key, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="botocore")
    address = f"host=statpipe.test hostaddr=127.0.0.1 port={doorkeeper.port} user=ingest"
    sink = make_sink(address=address, ca=ca, iam=True, iam_region="us-east-1")
    said = [repr(list(sink.diagnose())), repr(vars(sink._connection)), repr(sink.locations())]
    said += [caplog.text, sink.start()]
    (token,) = doorkeeper.tokens
    text = "".join(said)
    assert "PAM authentication failed" in text
    assert "botocore" in text
    for secret in (token, parts(token)[1]["X-Amz-Signature"], "canary", "canary-session"):
        assert secret not in text


@pytest.fixture
def rds(admin, monkeypatch):
    """The server knows each token that is signed, and only the last one: that is what RDS does."""
    signed = []
    sign = IamLogin.token

    def token(self):
        signed.append(sign(self))
        admin.execute(
            psycopg.sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                psycopg.sql.Identifier(self.user), psycopg.sql.Literal(signed[-1])
            )
        )
        return signed[-1]

    monkeypatch.setattr(IamLogin, "token", token)
    admin.execute("CREATE ROLE rds_iam")
    yield signed
    # Roles are the whole server's.
    admin.execute(f"ALTER DATABASE {admin.info.dbname} OWNER TO master")
    for role in ("statpipe_loader", "statpipe_reader", "statpipe_ingest", "keeper", "rds_iam"):
        if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
            admin.execute(f"REASSIGN OWNED BY {role} TO master; DROP OWNED BY {role} CASCADE")
    for role in ("statpipe_ingest", "keeper", "statpipe_loader", "statpipe_reader", "rds_iam"):
        admin.execute(f"DROP ROLE IF EXISTS {role}")


@pytest.fixture
def keeper(rds, admin, dsn):
    """The address of an administrator like RDS's master: no superuser, and owner of the database."""
    admin.execute("CREATE ROLE keeper LOGIN CREATEROLE PASSWORD 'canary-of-keeper'")
    admin.execute("GRANT rds_iam TO keeper WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    admin.execute(f"ALTER DATABASE {admin.info.dbname} OWNER TO keeper")
    return make_conninfo(dsn, user="keeper", password="canary-of-keeper")


def test_db_init_on_rds_creates_a_login_that_loads_with_tokens(
    aws, rds, keeper, admin, make_sink, dsn, ca, partition, three_rows, key
):
    settings = {"ca": ca, "iam": True, "iam_region": "us-east-1"}
    # The same settings as those of the pipeline: a password in the address is still a password.
    master = make_sink(address=keeper, **settings)
    assert master.init()[-3:] == [
        "created login statpipe_ingest",
        "made statpipe_ingest a member of role statpipe_loader",
        "made statpipe_ingest a member of role rds_iam",
    ]
    assert {line.split()[0] for line in make_sink(address=keeper, **settings).init()} == {
        "unchanged"
    }
    assert rds == []

    by_token = make_conninfo(dsn, user="statpipe_ingest")
    by_token = " ".join(part for part in by_token.split() if not part.startswith("password="))
    sink = make_sink(address=by_token, **settings)
    assert sink.write(partition(three_rows)).inserted == 3
    assert len(rds) == 1
    sink._connection.forget()
    assert sink.fingerprint(key) == "first"
    assert len(rds) == 2
    assert [d for d in sink.diagnose() if d.state != "ok"] == []
    (owner,) = admin.execute(
        "SELECT tableowner FROM pg_tables WHERE schemaname = 'gold'"
    ).fetchone()
    assert owner == "statpipe_loader"
    powers = admin.execute(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolinherit"
        " FROM pg_roles WHERE rolname = 'statpipe_ingest'"
    ).fetchone()
    assert powers == (False, False, False, False, False, True)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(make_conninfo(dsn, user="statpipe_ingest", sslmode="require"))


def test_a_role_without_login_gets_it(aws, rds, keeper, admin, make_sink, ca):
    admin.execute("CREATE ROLE statpipe_ingest")
    admin.execute("GRANT statpipe_ingest TO keeper WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    assert "opened login statpipe_ingest" in make_sink(address=keeper, ca=ca).init()


def test_without_the_privilege_the_message_has_the_statements_to_run(
    aws, rds, keeper, admin, make_sink, ca
):
    admin.execute("REVOKE rds_iam FROM keeper")
    with pytest.raises(ConfigError) as caught:
        make_sink(address=keeper, ca=ca).init()
    assert str(caught.value) == (
        "the role keeper may not set up the login for IAM tokens: permission denied to grant role "
        '"rds_iam"; this requires CREATEROLE, and admin rights on rds_iam: log in as a role with '
        'it, or ask an administrator to run: GRANT "rds_iam" TO "statpipe_ingest"'
    )


def test_the_administrators_own_login_is_never_limited_to_tokens(rds, admin, make_sink, ca):
    sink = make_sink(ca=ca, iam_login="master")
    assert sink.init()[-1] == "unchanged the login for IAM tokens"
    bound = "SELECT 1 FROM pg_auth_members WHERE roleid = 'rds_iam'::regrole"
    assert admin.execute(bound).fetchall() == []
