"""What somebody changes about buckets."""

from __future__ import annotations

import json

from support.drifts.site import ID, LAKE, LOGS, document, drift

for bucket in (LAKE, LOGS):
    for flag in (
        "BlockPublicAcls",
        "IgnorePublicAcls",
        "BlockPublicPolicy",
        "RestrictPublicBuckets",
    ):

        @drift(f"bucket {bucket}", "public access")
        def open_to_the_public(site, bucket=bucket, flag=flag):
            s3 = site.client("s3")
            there = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
            s3.put_public_access_block(
                Bucket=bucket, PublicAccessBlockConfiguration={**there, flag: False}
            )

    @drift(f"bucket {bucket}", "public access")
    def block_gone(site, bucket=bucket):
        site.client("s3").delete_public_access_block(Bucket=bucket)

    @drift(f"bucket {bucket}", "ownership")
    def owned_by_writers(site, bucket=bucket):
        rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        site.client("s3").put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules)

    @drift(f"bucket {bucket}", "encryption")
    def encryption_gone(site, bucket=bucket):
        site.client("s3").delete_bucket_encryption(Bucket=bucket)

    @drift(f"bucket {bucket}", "encryption")
    def another_encryption(site, bucket=bucket):
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        site.client("s3").put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )

    @drift(f"bucket {bucket}", "policy")
    def policy_gone(site, bucket=bucket):
        site.client("s3").delete_bucket_policy(Bucket=bucket)

    @drift(f"bucket {bucket}", "policy")
    def readable_by_the_world(site, bucket=bucket):
        s3 = site.client("s3")
        there = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        more = json.loads(
            document(
                Principal={"AWS": "*"},
                Action="s3:GetObject",
                Resource=f"arn:aws:s3:::{bucket}/*",
            )
        )
        there["Statement"] += more["Statement"]
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(there))

    @drift(f"bucket {bucket}", "tags")
    def bucket_tags_gone(site, bucket=bucket):
        site.client("s3").delete_bucket_tagging(Bucket=bucket)

    @drift(f"bucket {bucket}", "lifecycle")
    def lifecycle_gone(site, bucket=bucket):
        site.client("s3").delete_bucket_lifecycle(Bucket=bucket)


@drift(f"bucket {LAKE}", "versioning")
def versions_suspended(site):
    site.client("s3").put_bucket_versioning(
        Bucket=LAKE, VersioningConfiguration={"Status": "Suspended"}
    )


@drift(f"bucket {LAKE}", "access log")
def not_logged(site):
    site.client("s3").put_bucket_logging(Bucket=LAKE, BucketLoggingStatus={})


@drift(f"bucket {LAKE}", "access log")
def logged_elsewhere(site):
    from moto.s3.models import s3_backends

    s3_backends[ID]["aws"].buckets[LAKE].logging["TargetPrefix"] = "elsewhere/"


def bronze(site, **change):
    s3 = site.client("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=LAKE)["Rules"]
    for rule in rules:
        if rule["ID"] == "prod-bronze":
            rule.update(change)
    s3.put_bucket_lifecycle_configuration(Bucket=LAKE, LifecycleConfiguration={"Rules": rules})


@drift(f"bucket {LAKE}", "lifecycle")
def bronze_deleted_after_a_while(site):
    bronze(site, Expiration={"Days": 400})


@drift(f"bucket {LAKE}", "lifecycle")
def bronze_rule_off(site):
    bronze(site, Status="Disabled")


@drift(f"bucket {LAKE}", "lifecycle")
def bronze_rule_for_some_only(site):
    tag = {"Key": "cold", "Value": "yes"}
    bronze(site, Filter={"And": {"Prefix": "prod/bronze/", "Tags": [tag]}})


@drift(f"bucket {LAKE}", "lifecycle")
def one_rule_more(site):
    s3 = site.client("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=LAKE)["Rules"]
    rules.append(
        {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    )
    s3.put_bucket_lifecycle_configuration(Bucket=LAKE, LifecycleConfiguration={"Rules": rules})


for bucket in (LAKE, LOGS):

    @drift(f"bucket {bucket}", "access list")
    def everybody_on_the_access_list(site, bucket=bucket):
        site.client("s3").put_bucket_acl(Bucket=bucket, ACL="public-read")
