"""What somebody changes about network and bastion."""

from __future__ import annotations

from support.drifts.site import OURS, STEM, drift, group_of, instance_of

STRANGERS = {
    "the_world": {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
    "the_world_by_ipv6": {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
    "an_address_with_a_word": {"IpRanges": [{"CidrIp": "192.0.2.7/32", "Description": "me"}]},
    "a_list": {"PrefixListIds": [{"PrefixListId": "pl-00a54069"}]},
}
for name in (f"{STEM}-bastion", f"{STEM}-database"):
    for callers in STRANGERS.values():

        @drift(f"security group {name}", "inbound rules")
        def lets_in(site, name=name, callers=callers):
            rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **callers}
            site.client("ec2").authorize_security_group_ingress(
                GroupId=group_of(site, name)["GroupId"], IpPermissions=[rule]
            )

    @drift(f"security group {name}", "tags")
    def group_tags_gone(site, name=name):
        site.client("ec2").delete_tags(
            Resources=[group_of(site, name)["GroupId"]], Tags=[{"Key": key} for key in OURS]
        )


@drift(f"security group {STEM}-database", "inbound rules")
def the_bastion_shut_out(site):
    found = group_of(site, f"{STEM}-database")
    site.client("ec2").revoke_security_group_ingress(
        GroupId=found["GroupId"], IpPermissions=found["IpPermissions"]
    )


@drift(f"bastion {STEM}-bastion", "running")
def stopped(site):
    site.client("ec2").stop_instances(InstanceIds=[instance_of(site)["InstanceId"]])


@drift(f"bastion {STEM}-bastion", "older instances")
def an_older_one_left_over(site):
    marks = instance_of(site)["Tags"]
    site.client("ec2").run_instances(
        ImageId="ami-12345678",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": marks}],
    )


@drift(f"bastion {STEM}-bastion", "security group")
def in_another_group(site):
    site.client("ec2").modify_instance_attribute(
        InstanceId=instance_of(site)["InstanceId"], Groups=[group_of(site, "default")["GroupId"]]
    )


@drift(f"bastion {STEM}-bastion", "metadata")
def metadata_without_tokens(site):
    site.client("ec2").modify_instance_metadata_options(
        InstanceId=instance_of(site)["InstanceId"], HttpTokens="optional"
    )


@drift(f"bastion {STEM}-bastion", "tags")
def instance_tags_gone(site):
    site.client("ec2").delete_tags(
        Resources=[instance_of(site)["InstanceId"]], Tags=[{"Key": key} for key in OURS]
    )


@drift(f"bastion {STEM}-bastion", "instance profile")
def profile_taken_off(site):
    ec2 = site.client("ec2")
    ec2.disassociate_iam_instance_profile(AssociationId=association_of(site))


@drift(f"bastion {STEM}-bastion", "instance profile")
def profile_exchanged(site):
    site.client("iam").create_instance_profile(InstanceProfileName="theirs")
    site.client("ec2").replace_iam_instance_profile_association(
        AssociationId=association_of(site), IamInstanceProfile={"Name": "theirs"}
    )


def association_of(site):
    filters = [{"Name": "instance-id", "Values": [instance_of(site)["InstanceId"]]}]
    found = site.client("ec2").describe_iam_instance_profile_associations(Filters=filters)
    return found["IamInstanceProfileAssociations"][0]["AssociationId"]
