"""What somebody changes about the database."""

from __future__ import annotations

from support.drifts.site import ID, OURS, PARAMETERS, STEM, drift, group_of


@drift(f"subnet group {STEM}", "subnets")
def one_zone_only(site):
    from moto.rds.models import rds_backends

    group = rds_backends[ID]["us-east-1"].subnet_groups[STEM]
    group._subnets = group._subnets[:1]


@drift(f"parameter group {PARAMETERS}", "rds.force_ssl")
def without_tls(site):
    parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": "0"}
    site.client("rds").modify_db_parameter_group(
        DBParameterGroupName=PARAMETERS, Parameters=[{**parameter, "ApplyMethod": "immediate"}]
    )


for name, arn in (
    (f"subnet group {STEM}", f"subgrp:{STEM}"),
    (f"parameter group {PARAMETERS}", f"pg:{PARAMETERS}"),
    (f"database {STEM}", f"db:{STEM}"),
):

    @drift(name, "tags")
    def rds_tags_gone(site, arn=arn):
        site.client("rds").remove_tags_from_resource(
            ResourceName=f"arn:aws:rds:us-east-1:{ID}:{arn}", TagKeys=OURS
        )


@drift(f"database {STEM}", "running")
def database_stopped(site):
    site.client("rds").stop_db_instance(DBInstanceIdentifier=STEM)


for setting, value in (
    ("DBInstanceClass", "db.r6g.16xlarge"),
    ("StorageType", "io1"),
    ("BackupRetentionPeriod", 1),
    ("DeletionProtection", True),
    ("PubliclyAccessible", True),
    ("AutoMinorVersionUpgrade", False),
    ("CopyTagsToSnapshot", False),
    ("EnableIAMDatabaseAuthentication", False),
):

    @drift(f"database {STEM}", setting)
    def database_changed(site, setting=setting, value=value):
        site.client("rds").modify_db_instance(
            DBInstanceIdentifier=STEM, ApplyImmediately=True, **{setting: value}
        )


@drift(f"database {STEM}", "VpcSecurityGroupIds")
def database_in_another_group(site):
    site.client("rds").modify_db_instance(
        DBInstanceIdentifier=STEM,
        VpcSecurityGroupIds=[group_of(site, "default")["GroupId"]],
        ApplyImmediately=True,
    )


@drift(f"database {STEM}", "DBParameterGroupName")
def with_other_parameters(site):
    rds = site.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="other", DBParameterGroupFamily="postgres17", Description="x"
    )
    rds.modify_db_instance(
        DBInstanceIdentifier=STEM, DBParameterGroupName="other", ApplyImmediately=True
    )


@drift(f"database {STEM}", "ManageMasterUserPassword")
def password_known_to_somebody(site):
    site.client("rds").modify_db_instance(
        DBInstanceIdentifier=STEM,
        ManageMasterUserPassword=False,
        MasterUserPassword="known-to-somebody",
        ApplyImmediately=True,
    )


@drift(f"database {STEM}", "CloudwatchLogsExportConfiguration")
def log_not_kept(site):
    site.client("rds").modify_db_instance(
        DBInstanceIdentifier=STEM,
        CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql"]},
        ApplyImmediately=True,
    )
