"""What everything is called. Rights and rollback rely on these names."""

from __future__ import annotations

from attrs import frozen

PROJECT = "statpipe"
DATABASE = "statpipe"
ADMINISTRATOR = "statpipe_admin"
LOGIN = "statpipe_ingest"
"""The login for IAM tokens that ``statpipe db init`` makes."""

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
TUNNEL = "AWS-StartPortForwardingSessionToRemoteHost"
"""AWS's document of a session that forwards a port, the only one that the role may start."""

METRIC = "Success"
"""The metric that statpipe-notify sends after each run."""
LATE = "Late"
"""The metric that it sends after each good run: whether a release is late."""

BUDGET = PROJECT
PORT = 5432


@frozen
class Names:
    """
    The names of one environment's resources.
    """

    environment: str

    @property
    def stem(self) -> str:
        """
        Role, database, subnet group, topic, and the beginning of all other names.
        """
        return f"{PROJECT}-{self.environment}"

    @property
    def bastion(self) -> str:
        """
        Instance, role, instance profile, security group and alarm of the bastion.
        """
        return f"{self.stem}-bastion"

    @property
    def boundary(self) -> str:
        """
        Policy that bounds the roles.
        """
        return f"{self.stem}-boundary"

    @property
    def database_group(self) -> str:
        """
        Security group of the database.
        """
        return f"{self.stem}-database"

    @property
    def namespace(self) -> str:
        """
        Namespace of the metric. A right to send metrics can be limited to a namespace and to nothing
        else, so each environment has its own: staging cannot report that prod has succeeded.
        """
        return f"{PROJECT}/{self.environment}"

    @property
    def log_group(self) -> str:
        """
        Log group of the runs.
        """
        return f"/{PROJECT}/{self.environment}"

    @property
    def database_log_group(self) -> str:
        """
        Log group that RDS writes PostgreSQL's log to; RDS chooses its name.
        """
        return f"/aws/rds/instance/{self.stem}/postgresql"

    def parameter_group(self, version: str) -> str:
        """
        Parameter group; it belongs to a major version.
        """
        return f"{self.stem}-postgres{version.split('.', 1)[0]}"

    def alarm(self, kind: str) -> str:
        """
        Alarm about freshness, storage or cpu.
        """
        return f"{self.stem}-{kind}"
