"""What somebody added by hand is named, and removed when that is asked for."""

from __future__ import annotations

import pytest
from provisioning.account import READING

from support.drifts import STRANGE
from support.drifts.site import ID, LAKE, STEM, document, group_of, instance_of, once, rights


@pytest.mark.parametrize(("resource", "what", "add"), once(STRANGE))
def test_foreign_additions_are_named_and_removed_on_request(site, resource, what, add):
    add(site)
    site.asked.clear()
    site.reconciler.left.clear()
    assert site.again(resource) == [f"not ours      {resource}: {what}"]
    assert len(site.reconciler.left) == 1
    assert not [name for name in site.asked if not name.split(":")[1].startswith(READING)]
    assert site.asked <= rights()[0], "who provisions may look"
    assert site.again(resource, repair=True) == [f"removed       {resource}: {what}"]
    assert site.repairing.left == []
    assert site.asked <= rights()[1], "the rights of repairs are known"
    site.is_as_wanted(resource)


def test_additions_that_only_a_person_can_remove_are_named_and_stay(site):
    """With what it needs to be undone here, since the emulated account is used again."""
    s3, ec2 = site.client("s3"), site.client("ec2")
    report = {
        "Id": "theirs",
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": "Daily"},
        "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::theirs", "Format": "CSV"}},
    }
    s3.put_bucket_inventory_configuration(Bucket=LAKE, Id="theirs", InventoryConfiguration=report)
    member = ec2.create_network_interface(
        SubnetId=instance_of(site)["SubnetId"],
        Groups=[group_of(site, f"{STEM}-bastion")["GroupId"]],
    )["NetworkInterface"]["NetworkInterfaceId"]
    site.client("logs").put_resource_policy(
        policyName="theirs", policyDocument=document(Principal="*", Action="logs:*", Resource="*")
    )
    service = document(Principal={"Service": "es.amazonaws.com"}, Action="logs:*", Resource="*")
    site.client("logs").put_resource_policy(policyName="of-aws", policyDocument=service)
    try:
        for repair in (False, True):
            for resource, what in (
                (f"bucket {LAKE}", "the inventory report theirs is written"),
                (
                    f"bastion {STEM}-bastion",
                    f"{member} has its security group as well, and so reaches the database",
                ),
                (
                    "log group /statpipe/staging",
                    "the account's policy theirs of CloudWatch Logs opens it to others",
                ),
            ):
                assert site.again(resource, repair=repair) == [
                    f"not ours      {resource}: {what}; remove it by hand"
                ]
        assert len(site.repairing.left) == 3
    finally:
        from moto.s3.models import s3_backends

        s3_backends[ID]["aws"].buckets[LAKE].inventory_configs.clear()
        ec2.delete_network_interface(NetworkInterfaceId=member)
        site.client("logs").delete_resource_policy(policyName="theirs")
        site.repairing.left.clear()


def test_a_rule_about_a_foreign_group_is_named_with_its_account():
    from provisioning.network import _rules

    theirs = {"GroupId": "sg-1", "UserId": "999999999999", "VpcPeeringConnectionId": "pcx-1"}
    ours = {"GroupId": "sg-2", "UserId": ID, "Description": "a word"}
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [theirs, ours]}
    ports = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}
    assert _rules({"IpPermissions": [rule]}, ID) == [
        {**ports, "UserIdGroupPairs": [theirs]},
        {**ports, "UserIdGroupPairs": [{"GroupId": "sg-2"}]},
    ]
