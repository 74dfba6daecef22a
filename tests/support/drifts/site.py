"""An environment in an emulated account, and the noting of what somebody changes in it by hand."""

from __future__ import annotations

import functools
import json
import os

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from provisioning.account import Account
from provisioning.provision import provision
from provisioning.provision_aws import regions
from provisioning.reconcile import Reconciler
from provisioning.settings import read_settings

ID = "123456789012"
LAKE, LOGS = "statpipe-data-test", "statpipe-data-test-access-logs"
STEM = "statpipe-staging"
PARAMETERS = f"{STEM}-postgres17"
TOPIC = f"arn:aws:sns:us-east-1:{ID}:{STEM}"
ISSUER = "token.actions.githubusercontent.com"
BUDGET = {"AccountId": ID, "BudgetName": "statpipe"}
OURS = ["project", "environment", "managed-by"]


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


EVERYTHING = document(Action="*", Resource="*")
ANYBODY = document(Principal={"AWS": "*"}, Action="sts:AssumeRole")


class Site:
    """An environment, resource by resource, and what its account lacks in the emulator."""

    def __init__(self, variables) -> None:
        settings = {"regions": regions(), "bastion": True}
        self.settings = read_settings("staging", variables, **settings)
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        for operation in (
            "rds.ModifyDBSubnetGroup",
            "rds.RemoveRoleFromDBInstance",
            "rds.ResetDBParameterGroup",
            "budgets.UpdateBudget",
            "iam.AddClientIDToOpenIDConnectProvider",
        ):
            session.events.register(f"before-call.{operation}", self.instead)
        self.account = Account(session=session, region="us-east-1")
        self.asked = set()
        session.events.register("before-call.*.*", self.note)
        # That of somebody else, whose requests are not ours.
        others = boto3.Session("testing", "testing", region_name="us-east-1")
        here = os.environ["AWS_ENDPOINT_URL"]  # by name: a test that uses this knows it no longer
        self.client = functools.cache(lambda service: others.client(service, endpoint_url=here))
        self.resources = {}
        self.said = []
        self.reconciler = Reconciler(plan=False, tell=self.said.append)
        self.repairing = Reconciler(plan=False, repair=True, tell=self.said.append)
        provision(self.account, self.settings, self)
        self.tell = self.said.append

    tell = print
    sleep = staticmethod(lambda _: None)

    def settle(self, resource):
        self.resources[resource.name] = resource
        return self.reconciler.settle(resource)

    def again(self, name, *, repair=False):
        self.said.clear()
        (self.repairing if repair else self.reconciler).settle(self.resources[name])
        return [line for line in self.said if not line.startswith("waiting")]

    def is_as_wanted(self, *names):
        """Refuse a resource, one of these or any, of which there would be something to do."""
        for name in names or self.resources:
            assert self.again(name) == [f"unchanged     {name}"]

    def note(self, model, **_):
        self.asked.add(f"{model.service_model.service_id}:{model.name}")

    def instead(self, model, params, **_):
        """Do what the emulator does not, or does wrong."""
        from moto.budgets.models import budgets_backends
        from moto.ec2.models import ec2_backends
        from moto.iam.models import iam_backends
        from moto.rds.models import rds_backends

        asked = params["body"]
        if model.name == "ModifyDBSubnetGroup":
            group = rds_backends[ID]["us-east-1"].subnet_groups[asked["DBSubnetGroupName"]]
            wanted = [v for k, v in asked.items() if k.startswith("SubnetIds")]
            group._subnets = [ec2_backends[ID]["us-east-1"].get_subnet(name) for name in wanted]
        elif model.name == "RemoveRoleFromDBInstance":
            database = rds_backends[ID]["us-east-1"].databases[asked["DBInstanceIdentifier"]]
            database.associated_roles[:] = [
                role for role in database.associated_roles if role.role_arn != asked["RoleArn"]
            ]
        elif model.name == "ResetDBParameterGroup":
            assert asked["Parameters.Parameter.1.ApplyMethod"] == "pending-reboot"
            group = rds_backends[ID]["us-east-1"].db_parameter_groups[asked["DBParameterGroupName"]]
            del group.parameters[asked["Parameters.Parameter.1.ParameterName"]]
        elif model.name == "UpdateBudget":
            new = json.loads(asked)["NewBudget"]
            there = budgets_backends[ID]["aws"].budgets[ID][new["BudgetName"]].budget
            there.update({"CostFilters": {}, **new})
        else:
            providers = iam_backends[ID]["aws"].open_id_providers
            providers[asked["OpenIDConnectProviderArn"]].client_id_list.append(asked["ClientID"])
        return AWSResponse("", 200, {}, None), {}


DRIFTS = []


def drift(resource, aspect):
    """Note a way in which somebody changes an aspect of a resource."""

    def noted(change):
        DRIFTS.append(pytest.param(resource, aspect, change, id=f"{resource}-{change.__name__}"))
        return change

    return noted


def group_of(site, name):
    filters = [{"Name": "group-name", "Values": [name]}]
    return site.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"][0]


def instance_of(site):
    from provisioning.bastion import find_bastion

    return find_bastion(site.account, "staging")


STRANGE = []


def added(resource, what):
    """Note something that somebody adds to a resource, and what is said of it."""

    def noted(add):
        STRANGE.append(pytest.param(resource, what, add, id=f"{resource}-{add.__name__}"))
        return add

    return noted


@functools.cache
def rights():
    from provisioning.provisioner_policy import grants, repairs

    place = {"partition": "aws", "account": ID, "region": "us-east-1", "buckets": (LAKE, LOGS)}
    known = {op for grant in grants(**place) for op in grant.operations}
    besides = {op for grant in repairs(**place) for op in grant.operations}
    return known | {"STS:GetCallerIdentity"}, known | besides | {"STS:GetCallerIdentity"}


def once(cases):
    """Both buckets have the same aspects; the second one's are longer extras."""
    return [
        pytest.param(*case, marks=pytest.mark.slow) if "access-logs" in case[0] else case
        for case in cases
    ]
