"""What a run may do, and no more."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from provisioning.account import Account
from provisioning.bucket import bucket_arn
from provisioning.documents import policy
from provisioning.names import LOGIN, TUNNEL, Names
from provisioning.settings import Settings


@frozen(kw_only=True)
class Reach:
    """
    What the rights are about and has no name before it is made: RDS's number of the database, and
    the bastion's, if there are such.
    """

    database: str | None
    bastion: str | None


def runtime_policy(account: Account, settings: Settings, reach: Reach) -> dict[str, Any]:
    """
    Return the policy of an environment's role. Nothing in it deletes.
    """
    statements = [*_lake(account, settings), *_telling(account, settings.environment)]
    if reach.database:
        login = {
            "Sid": "LogInToDatabase",
            "Effect": "Allow",
            "Action": "rds-db:connect",
            "Resource": account.arn("rds-db", f"dbuser:{reach.database}/{LOGIN}"),
        }
        statements.append(login)
    if reach.bastion:
        statements += _tunnel(account, reach.bastion)
    return policy(*statements)


def _lake(account: Account, settings: Settings) -> list[dict[str, Any]]:
    bucket, environment = bucket_arn(account, settings.bucket), settings.environment
    return [
        {
            "Sid": "ReadAndWriteObjects",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": f"{bucket}/{environment}/*",
        },
        {
            # Also what makes S3 say 404 of an object that is missing, and not 403.
            "Sid": "ListObjects",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": bucket,
            "Condition": {"StringLike": {"s3:prefix": f"{environment}/*"}},
        },
    ]


def _telling(account: Account, environment: str) -> list[dict[str, Any]]:
    names = Names(environment)
    return [
        {
            "Sid": "SendMessages",
            "Effect": "Allow",
            "Action": "sns:Publish",
            "Resource": account.arn("sns", names.stem),
        },
        {
            "Sid": "WriteLog",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            # AWS writes a group with and without the star, depending on the request.
            "Resource": [
                account.arn("logs", f"log-group:{names.log_group}"),
                account.arn("logs", f"log-group:{names.log_group}:*"),
            ],
        },
        {
            # Metrics have no ARN: a right can name their namespace, and not their dimensions.
            "Sid": "SendMetric",
            "Effect": "Allow",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",
            "Condition": {"StringEquals": {"cloudwatch:namespace": names.namespace}},
        },
    ]


def _tunnel(account: Account, bastion: str) -> list[dict[str, Any]]:
    document = f"arn:{account.partition}:ssm:{account.region}::document/{TUNNEL}"
    sessions = account.arn("ssm", "session/*")
    return [
        {
            # Looking for an instance cannot be limited to one; which one may be used, is.
            "Sid": "FindBastion",
            "Effect": "Allow",
            "Action": "ec2:DescribeInstances",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": account.region}},
        },
        {
            "Sid": "StartTunnel",
            "Effect": "Allow",
            "Action": "ssm:StartSession",
            "Resource": [account.arn("ec2", f"instance/{bastion}"), document],
            # Without it, leaving out the document would give a shell.
            "Condition": {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}},
        },
        {
            # Whoever opens the channel needs the token that StartSession gave.
            "Sid": "UseTunnel",
            "Effect": "Allow",
            "Action": "ssmmessages:OpenDataChannel",
            "Resource": sessions,
        },
        {
            "Sid": "EndOwnTunnel",
            "Effect": "Allow",
            "Action": "ssm:TerminateSession",
            "Resource": sessions,
            "Condition": {
                "StringLike": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}*"}
            },
        },
    ]
