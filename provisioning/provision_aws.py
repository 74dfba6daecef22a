"""Make, or complete, what statpipe needs in an account of AWS.

    python scripts/provision_aws.py --env staging --plan
    python scripts/provision_aws.py --env staging --outputs staging.values

That file makes the project's environment if it is missing, and starts this one in it.

Settings come from ``.env`` and the process environment (``.env.example`` explains each), credentials
from there and from where AWS's own tools look. Prints a line for each resource: created, changed or unchanged, and
one for each thing on it that is not ours; ``--repair`` removes these. Exit codes: 0, 2 for what must be corrected, 4
if something that is not ours stays, 5 where AWS cannot be reached, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import boto3  # noqa: E402
import botocore.session  # noqa: E402
from botocore.exceptions import BotoCoreError, ClientError  # noqa: E402

from provisioning.account import Account  # noqa: E402
from provisioning.failures import Drifted, Misconfigured, ProvisioningError, told  # noqa: E402
from provisioning.grant import Grant  # noqa: E402
from provisioning.outputs import as_text, remarks, sections, write_outputs  # noqa: E402
from provisioning.provision import provision  # noqa: E402
from provisioning.provisioner_policy import (  # noqa: E402
    ALL,
    PARTS,
    grants,
    provisioner_policy,
    repairs,
)
from provisioning.reconcile import Reconciler  # noqa: E402
from provisioning.rollback import rollback  # noqa: E402
from provisioning.settings import ENVIRONMENTS, NAMED, Settings, read_settings  # noqa: E402
from provisioning.variables import read_variables  # noqa: E402
from statpipe.engine.site.aws_environment import aws_exported  # noqa: E402

INTERRUPTED = 130
REPAIR = "repair"


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run, and say in one line why where that cannot be.
    """
    wanted = _parser().parse_args(arguments)
    try:
        _run(wanted)
    except ProvisioningError as error:
        for line in str(error).splitlines():
            _note(f"provision: {line} (exit {error.exit_code})")
        return error.exit_code
    except KeyboardInterrupt:
        _note("provision: interrupted; run again to complete it (exit 130)")
        return INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="provision_aws.py",
        description="Make, or complete, what statpipe needs in an account of AWS.",
    )
    parser.add_argument("--env", required=True, choices=ENVIRONMENTS, help="what to provision")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--plan", action="store_true", help="say what would be done; do nothing")
    only.add_argument(
        "--destroy-plan", action="store_true", help="print the commands of a rollback; do nothing"
    )
    only.add_argument(
        "--policy",
        nargs="?",
        const=ALL,
        choices=(ALL, *PARTS, REPAIR),
        help="print the policy that whoever runs this needs: all, the part that looks (enough for "
        "--plan), that makes roles, that changes the rest, or what --repair needs besides",
    )
    parser.add_argument(
        "--repair", action="store_true", help="remove what is not ours from our resources"
    )
    parser.add_argument("--outputs", type=Path, metavar="FILE", help="write the values there, 0600")
    parser.add_argument("--no-bastion", action="store_true", help="make no bastion")
    parser.add_argument("--env-file", type=Path, metavar="FILE", help="instead of .env")
    return parser


def _run(wanted: argparse.Namespace) -> None:
    file = wanted.env_file or ROOT / ".env"
    variables = read_variables(file, os.environ, required=wanted.env_file is not None)
    settings = read_settings(
        wanted.env, variables, regions=regions(), bastion=not wanted.no_bastion
    )
    with aws_exported(variables, file, warn):
        if wanted.policy:
            _print_policy(settings, wanted.policy)
        else:
            _ask(settings, wanted)


def _print_policy(settings: Settings, part: str) -> None:
    """Print the policy; without AWS_ACCOUNT_ID or credentials it is one for any account."""
    account = settings.account_id
    if account is None:
        try:
            account = _account(settings, plan=True).id
        except (BotoCoreError, ClientError):
            account = "*"
            warn("the account is not known; set AWS_ACCOUNT_ID to limit the policy to it")
    rights = repairs if part == REPAIR else grants
    found = rights(
        partition=_plain_session().get_partition_for_region(settings.region),
        account=account,
        region=settings.region,
        buckets=(settings.bucket, settings.log_bucket),
    )
    print(json.dumps(provisioner_policy(found, ALL if part == REPAIR else part), indent=2))


def _account(settings: Settings, *, plan: bool) -> Account:
    session = boto3.Session(region_name=settings.region)
    return Account(session=session, region=settings.region, plan=plan)


def _ask(settings: Settings, wanted: argparse.Namespace) -> None:
    account: Account | None = None
    try:
        account = _account(settings, plan=wanted.plan or wanted.destroy_plan)
        _must_be_the_account(account, settings)
        _act(account, settings, wanted)
    except (BotoCoreError, ClientError) as error:
        asked = account.asked if account else ""
        raise told(
            error, asked=asked, region=settings.region, grants=known_grants(account, settings)
        ) from None


def _act(account: Account, settings: Settings, wanted: argparse.Namespace) -> None:
    if wanted.destroy_plan:
        print("\n".join(rollback(account, settings)))
    else:
        reconciler = Reconciler(plan=account.plan, repair=wanted.repair, tell=_tell)
        _provision(account, settings, reconciler, wanted.outputs)
        _nothing_is_left(reconciler)


def _provision(
    account: Account, settings: Settings, reconciler: Reconciler, file: Path | None
) -> None:
    verb = "plan for" if account.plan else "provisioning"
    _note(f"{verb} {settings.environment} in account {account.id}, {settings.region}")
    if settings.subject == NAMED:
        warn(
            f"GITHUB_SUBJECT={NAMED} trusts {settings.repository} by its name alone: whoever "
            "gets that name, after a rename or a deletion, gets the role; switch on immutable subject "
            "claims for the repository on GitHub, and remove the setting"
        )
    made = provision(account, settings, reconciler)
    if account.plan:
        _note("nothing was changed")
        return
    text = as_text(sections(settings, made))
    print(f"\n{text}")
    print("\n".join(remarks(settings, made)))
    if file:
        write_outputs(file, text)
        print(f"The values are in {file}.")


def _nothing_is_left(reconciler: Reconciler) -> None:
    """Everything is in place by now, so this comes last."""
    if count := len(reconciler.left):
        what = "1 thing was" if count == 1 else f"{count} things were"
        removable = any(stranger.remove for stranger in reconciler.left)
        advice = "run again with --repair (make: REPAIR=1)" if removable else "remove it by hand"
        msg = (
            f"{what} added to these resources by somebody else, and may open them to others: look at "
            f"each line `not ours` above; if nobody needs it, {advice}"
        )
        raise Drifted(msg)


def _must_be_the_account(account: Account, settings: Settings) -> None:
    if settings.account_id not in {None, account.id}:
        msg = (
            f"these are credentials of account {account.id} and AWS_ACCOUNT_ID is "
            f"{settings.account_id}; name the right profile in AWS_PROFILE, or correct it"
        )
        raise Misconfigured(msg)


def known_grants(account: Account | None, settings: Settings) -> tuple[Grant, ...]:
    """The rights by name, as far as we know who we are."""
    if account is None or not account.is_known:
        return ()
    return tuple(
        grant
        for rights in (grants, repairs)
        for grant in rights(
            partition=account.partition,
            account=account.id,
            region=account.region,
            buckets=(settings.bucket, settings.log_bucket),
        )
    )


def regions() -> tuple[str, ...]:
    """All regions that boto3 knows, without asking AWS."""
    session = _plain_session()
    return tuple(
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("rds", partition)
    )


def _plain_session() -> boto3.Session:
    """A session that asks nobody, whatever AWS_PROFILE says: errors in it are shown when AWS is asked."""
    plain = botocore.session.Session({"profile": (None, None, None, None)})
    return boto3.Session(botocore_session=plain, region_name="us-east-1")


def _tell(line: str) -> None:
    """Each line at once: a database takes minutes."""
    print(line, flush=True)


def warn(message: str) -> None:
    """Say something that does not stop the run."""
    _note(f"warning: {message}")


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
