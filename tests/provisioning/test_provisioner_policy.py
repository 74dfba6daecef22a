"""The rights of whoever provisions: those that are asked for, and each that is missing is named."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import boto3
import pytest
from provisioning.provision_aws import main
from provisioning.provisioner_policy import LOOK, PARTS, grants, provisioner_policy, repairs

from support.ministack import ACCOUNT, OWNER, allows, ministack
from support.moto_account import emulated_account
from support.user import ROOT

SETTINGS = """\
AWS_REGION=us-east-1
STATPIPE_BUCKET=statpipe-rights
GITHUB_REPOSITORY=octo/figures
GITHUB_OWNER_ID=11
GITHUB_REPOSITORY_ID=22
ALERT_EMAIL=ops@example.org
"""
KNOWN = grants(
    partition="aws",
    account=ACCOUNT,
    region="us-east-1",
    buckets=("statpipe-rights", "statpipe-rights-access-logs"),
)


def test_every_request_of_a_run_has_its_right(moto, provision, recorder):
    provision()
    provision()
    provision("--destroy-plan")
    asked = set(recorder) - {"STS:GetCallerIdentity"}
    known = {operation for grant in KNOWN for operation in grant.operations}
    assert asked <= known


def test_the_printed_policy_is_small_enough_and_names_no_wildcard_action(moto, provision, recorder):
    code, out, _ = provision("--policy")
    assert code == 0
    assert recorder.mutating() == {}
    document = json.loads(out)
    actions = [action for s in document["Statement"] for action in s["Action"]]
    # One may be granted for several kinds of resources, each with a condition of its own.
    assert {a for a in actions if actions.count(a) > 1} == {
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "ec2:RunInstances",
        "ssm:StartSession",
    }
    assert not any("*" in action for action in actions)
    taking = [a for a in actions if re.search(r":(Delete|Terminate)", a) and "Session" not in a]
    assert taking == ["ec2:TerminateInstances"], "for a bastion that is replaced"
    # A role's own policies may have 10,240 characters, a managed one 6,144, blanks not counted.
    assert len(re.sub(r"\s", "", out)) <= 10240
    parts = [provision("--policy", part)[1] for part in (*PARTS, "repair")]
    assert all(len(re.sub(r"\s", "", part)) <= 6144 for part in parts)
    look, roles, change, repair = (
        {action for s in json.loads(part)["Statement"] for action in s["Action"]} for part in parts
    )
    assert look | roles | change == set(actions)
    assert len(look) + len(roles) + len(change) == len(set(actions))
    assert {action.split(":")[0] for action in roles} == {"iam"}
    assert not repair & look
    assert not any("*" in action for action in repair)


def test_the_read_only_part_is_enough_for_a_plan_and_reads_no_password(moto, provision, recorder):
    provision()
    recorder.clear()
    provision("--plan")
    look = provisioner_policy(KNOWN, LOOK)
    allowed = {action for s in look["Statement"] for action in s["Action"]}
    needed = {grant.action_of(op) for op in recorder for grant in KNOWN if op in grant.operations}
    assert needed <= allowed
    assert "secretsmanager:GetSecretValue" not in allowed


def test_only_our_instances_may_be_ended():
    (grant,) = [grant for grant in KNOWN if "EC2:TerminateInstances" in grant.operations]
    assert grant.condition == {"StringEquals": {"aws:ResourceTag/project": "statpipe"}}


def test_a_database_may_get_the_option_group_of_its_version():
    """AWS asks for the right to it whenever a database is made; no emulator does."""
    (grant,) = [grant for grant in KNOWN if "RDS:CreateDBInstance" in grant.operations]
    assert f"arn:aws:rds:us-east-1:{ACCOUNT}:og:default*" in grant.resources


HERE = f"arn:aws:ec2:us-east-1:{ACCOUNT}"
ROLES = f"arn:aws:iam::{ACCOUNT}:role"
POLICIES = f"arn:aws:iam::{ACCOUNT}:policy"
BOUNDARY = f"{POLICIES}/statpipe-staging-boundary"
WITHIN = {"iam:PermissionsBoundary": BOUNDARY}
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rds!db-1"
OF = "secretsmanager:ResourceTag/aws:rds:primaryDBInstanceArn"
DATABASES = f"arn:aws:rds:us-east-1:{ACCOUNT}:db"
CHECKED = {"ssm:SessionDocumentAccessCheck": "true"}
TUNNEL = "arn:aws:ssm:us-east-1::document/AWS-StartPortForwardingSessionToRemoteHost"
OURS, OTHERS = {"aws:ResourceTag/Name": "statpipe-prod-bastion"}, {"aws:ResourceTag/Name": "web"}
CASES = [
    # A role is made and given rights only within a boundary of ours, and keeps it.
    (True, "iam:CreateRole", f"{ROLES}/statpipe-staging", WITHIN),
    (False, "iam:CreateRole", f"{ROLES}/statpipe-staging", {}),
    (
        False,
        "iam:CreateRole",
        f"{ROLES}/statpipe-staging",
        {"iam:PermissionsBoundary": f"{POLICIES}/statpipe-other-boundary"},
    ),
    (False, "iam:CreateRole", f"{ROLES}/others", WITHIN),
    (True, "iam:PutRolePolicy", f"{ROLES}/statpipe-staging", WITHIN),
    (False, "iam:PutRolePolicy", f"{ROLES}/statpipe-staging", {}),
    (True, "iam:PutRolePermissionsBoundary", f"{ROLES}/statpipe-staging", WITHIN),
    (
        False,
        "iam:PutRolePermissionsBoundary",
        f"{ROLES}/statpipe-staging",
        {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"},
    ),
    (False, "iam:DeleteRolePermissionsBoundary", f"{ROLES}/statpipe-staging", WITHIN),
    (
        True,
        "iam:AttachRolePolicy",
        f"{ROLES}/statpipe-staging-bastion",
        {**WITHIN, "iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"},
    ),
    (
        False,
        "iam:AttachRolePolicy",
        f"{ROLES}/statpipe-staging-bastion",
        {**WITHIN, "iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"},
    ),
    # A boundary is made, under one of two names, and stays as it is.
    (True, "iam:CreatePolicy", BOUNDARY, {}),
    (False, "iam:CreatePolicy", f"{POLICIES}/statpipe-other-boundary", {}),
    (False, "iam:CreatePolicyVersion", BOUNDARY, {}),
    (False, "iam:SetDefaultPolicyVersion", BOUNDARY, {}),
    (False, "iam:DeletePolicy", BOUNDARY, {}),
    (False, "iam:DeletePolicyVersion", BOUNDARY, {}),
    # A role goes to instances only.
    (
        True,
        "iam:PassRole",
        f"{ROLES}/statpipe-prod-bastion",
        {"iam:PassedToService": "ec2.amazonaws.com"},
    ),
    (
        False,
        "iam:PassRole",
        f"{ROLES}/statpipe-prod-bastion",
        {"iam:PassedToService": "lambda.amazonaws.com"},
    ),
    (False, "iam:PassRole", f"{ROLES}/statpipe-prod", {}),
    # Instances and groups of others stay as they are.
    *(
        (tag is OURS, f"ec2:{action}", f"{HERE}:{kind}/x-1", tag)
        for tag in (OURS, OTHERS, {})
        for kind, actions in (
            (
                "instance",
                (
                    "AssociateIamInstanceProfile",
                    "ModifyInstanceAttribute",
                    "ModifyInstanceMetadataOptions",
                    "ReplaceIamInstanceProfileAssociation",
                    "StartInstances",
                    "CreateTags",
                ),
            ),
            (
                "security-group",
                (
                    "AuthorizeSecurityGroupIngress",
                    "RevokeSecurityGroupIngress",
                    "RunInstances",
                    "CreateTags",
                ),
            ),
        )
        for action in actions
    ),
    (True, "ec2:RunInstances", f"{HERE}:instance/*", {"aws:RequestTag/Name": "statpipe-x"}),
    (False, "ec2:RunInstances", f"{HERE}:instance/*", {"aws:RequestTag/Name": "web"}),
    (False, "ec2:RunInstances", f"{HERE}:instance/*", {}),
    (True, "ec2:RunInstances", f"{HERE}:subnet/subnet-1", {}),
    (True, "ec2:RunInstances", "arn:aws:ec2:us-east-1::image/ami-1", {"ec2:Owner": "amazon"}),
    (
        False,
        "ec2:RunInstances",
        "arn:aws:ec2:us-east-1::image/ami-1",
        {"ec2:Owner": "999999999999"},
    ),
    (True, "ec2:CreateSecurityGroup", f"{HERE}:vpc/vpc-1", {}),
    (False, "ec2:CreateSecurityGroup", f"{HERE}:security-group/*", {}),
    (
        True,
        "ec2:CreateTags",
        f"{HERE}:instance/i-1",
        {"aws:RequestTag/Name": "statpipe-x", "ec2:CreateAction": "RunInstances"},
    ),
    (False, "ec2:CreateTags", f"{HERE}:instance/i-1", {"aws:RequestTag/Name": "statpipe-x"}),
    # Passwords of other databases are not read.
    (True, "secretsmanager:GetSecretValue", SECRET, {OF: f"{DATABASES}:statpipe-prod"}),
    (False, "secretsmanager:GetSecretValue", SECRET, {OF: f"{DATABASES}:payroll"}),
    (False, "secretsmanager:GetSecretValue", SECRET, {}),
    # A tunnel through our bastion, and no shell.
    (
        True,
        "ssm:StartSession",
        f"{HERE}:instance/i-1",
        {**CHECKED, "ssm:resourceTag/Name": "statpipe-prod-bastion"},
    ),
    (
        False,
        "ssm:StartSession",
        f"{HERE}:instance/i-1",
        {
            "ssm:SessionDocumentAccessCheck": "false",
            "ssm:resourceTag/Name": "statpipe-prod-bastion",
        },
    ),
    (False, "ssm:StartSession", f"{HERE}:instance/i-1", {**CHECKED, "ssm:resourceTag/Name": "web"}),
    (True, "ssm:StartSession", TUNNEL, {}),
    (False, "ssm:StartSession", TUNNEL.replace("AWS-Start", "SSM-Other"), {}),
]


@pytest.mark.parametrize(("allowed", "action", "resource", "context"), CASES)
def test_the_provisioner_may_only_change_our_resources(allowed, action, resource, context):
    assert allows(provisioner_policy(KNOWN), action, resource, context) is allowed


def test_the_boundary_cannot_be_removed_with_the_rights_of_repairs():
    repair = repairs(
        partition="aws", account=ACCOUNT, region="us-east-1", buckets=("statpipe-rights",)
    )
    rights = provisioner_policy((*KNOWN, *repair))
    for action in (
        "CreatePolicyVersion",
        "DeletePolicy",
        "DeletePolicyVersion",
        "SetDefaultPolicyVersion",
    ):
        assert not allows(rights, f"iam:{action}", BOUNDARY, {})
    role = f"{ROLES}/statpipe-staging"
    assert not allows(rights, "iam:DeleteRolePermissionsBoundary", role, WITHIN)
    assert allows(rights, "iam:DetachRolePolicy", role, {})
    assert not allows(rights, "iam:DetachRolePolicy", f"{ROLES}/others", {})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with ministack(tmp_path_factory.mktemp("ministack")) as emulator, emulated_account() as other:
        owner = boto3.Session(ACCOUNT, "owner", region_name="us-east-1")
        iam = owner.client("iam", endpoint_url=emulator.address, verify=str(emulator.bundle))
        iam.create_user(UserName="engineer")
        key = iam.create_access_key(UserName="engineer")["AccessKey"]
        file = tmp_path_factory.mktemp("clone") / ".env"
        file.write_text(SETTINGS)
        yield (
            iam,
            file,
            {
                **emulator.variables,
                "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
                # What this emulator has not: budgets, and AWS's own names of images.
                "AWS_ENDPOINT_URL_BUDGETS": other,
                "AWS_ENDPOINT_URL_SSM": other,
            },
        )


@pytest.fixture
def engineer(place, monkeypatch, capsys):
    """Somebody who provisions, with no rights but those that were given."""
    _, file, environment = place
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def provisions():
        code = main(
            ["--env", "prod", "--env-file", str(file)]
        )  # it needs a right more than staging
        return code, capsys.readouterr().err.splitlines()[-1]

    return provisions


def give(iam, sids, everywhere=()):
    statements = [grant.statement() for grant in KNOWN if grant.sid in sids]
    statements += [{"Effect": "Allow", "Action": action, "Resource": "*"} for action in everywhere]
    iam.put_user_policy(
        UserName="engineer",
        PolicyName="provision",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )


@pytest.mark.slow
def test_missing_rights_are_named_one_after_the_other(place, engineer):
    """Give what each refusal names, until it is done: no right is missing, and each was asked for."""
    iam = place[0]
    given, everywhere = [], []
    for _ in range(2 * len(KNOWN)):
        code, line = engineer()
        if code == 0:
            break
        assert code == 2, line
        found = re.fullmatch(
            r"provision: (\S+) is denied \(at ([^)]+)\); add th\w+ statements? to the policy of "
            r"whoever runs this: (\{.*\}) \(\w+ \w+ part of ([\w, ]+); --policy prints all\) "
            r"\(exit 2\)",
            line,
        )
        assert found, line
        action, _, statements, sids = found.groups()
        assert all(s["Action"] == [action] for s in json.loads(f"[{statements}]"))
        new = [sid for sid in sids.split(", ") if sid not in given]
        given += new
        everywhere += [] if new else [action]
        give(iam, given, everywhere)
    assert code == 0
    # For these the emulator does not find the resource in the request, as AWS does.
    assert set(everywhere) <= {action for grant in KNOWN for action in grant.actions}
    # Those that AWS asks for besides, behind the scenes, the emulator does not.
    unasked = {g.sid for g in KNOWN} - set(given)
    assert unasked <= {
        "PassBastionRole",
        "NewInstance",  # it takes Around for enough
        "NewTags",
        "ServiceRole",
        "DatabasePassword",
        "AdministratorsPassword",
        "Tunnel",
        "TunnelOnly",
        "UseTunnel",
        "EndOwnTunnel",
        "Keys",
        "Image",
        "ReplaceBastion",
        "Budget",
    }


def test_a_bucket_of_somebody_else_is_named(engineer, monkeypatch):
    for name, value in OWNER.items():
        monkeypatch.setenv(name, value)
    theirs = boto3.Session("999999999999", "other", region_name="us-east-1").client("s3")
    theirs.create_bucket(Bucket="statpipe-of-others")
    monkeypatch.setenv("STATPIPE_BUCKET", "statpipe-of-others")
    code, line = engineer()
    assert code == 2
    assert line == (
        "provision: the bucket statpipe-of-others belongs to somebody else (names are the whole "
        "world's), or you lack s3:ListBucket on it; choose another STATPIPE_BUCKET, or add the "
        "right (exit 2)"
    )


@pytest.mark.parametrize("profile", [None, "nowhere"])
def test_the_policy_is_printed_without_credentials(provision, monkeypatch, recorder, profile):
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    code, out, err = provision("--policy")
    assert (code, err) == (
        0,
        "warning: the account is not known; set AWS_ACCOUNT_ID to limit the policy to it\n",
    )
    assert "arn:aws:iam::*:role/statpipe-*" in out
    recorder.clear()
    monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
    monkeypatch.setenv("AWS_REGION", "cn-north-1")
    code, out, err = provision("--policy")
    assert (code, err) == (0, "")
    assert "arn:aws-cn:iam::123456789012:role/statpipe-*" in out
    assert not recorder


def test_the_forwarder_makes_the_environment_and_starts_the_command_in_it(tmp_path):
    """As `python scripts/provision_aws.py`, by a Python that has nothing of what is needed."""
    for folder in ("scripts", "provisioning"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "scripts" / "provision_aws.py", tmp_path / "scripts")
    (tmp_path / "scripts" / "bootstrap.py").write_text(
        "import os, sys\n"
        "os.makedirs('.venv/bin')\n"
        "os.symlink(sys.executable, '.venv/bin/python')\n"
        "print('making .venv for', sys.argv[1])\n"
    )
    (tmp_path / "provisioning" / "provision_aws.py").write_text(
        "import sys\nprint(sys.executable, sys.argv[1:])\nsys.exit(5)\n"
    )
    command = [sys.executable, "-S", "scripts/provision_aws.py", "--env", "staging", "--policy"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (5, "making .venv for runtime\n")
    assert done.stdout == f"{tmp_path}/.venv/bin/python ['--env', 'staging', '--policy']\n"
