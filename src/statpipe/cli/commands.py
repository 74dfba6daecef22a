"""All commands: where each is, what it does, and an example. None is imported before it is called."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """
    A command: module and function, a line of help, and what one would type.
    """

    target: str
    summary: str
    example: str


class Group(NamedTuple):
    """
    Commands that belong together.
    """

    summary: str
    commands: dict[str, Command]


COMMANDS = {
    "init": Command(
        "init:init",
        "Make a project folder of your own: configuration, workflow, README.",
        "init statistics",
    ),
    "run": Command(
        "run:run",
        "Bring new vintages of sources through every stage.",
        "run bea_pce_state",
    ),
    "backfill": Command(
        "backfill:backfill",
        "Load older vintages of a source from an archive.",
        "backfill bea_pce_state --from-archive SAPCE.zip",
    ),
    "plan": Command(
        "plan:plan",
        "Show what a run would fetch and write, and why.",
        "plan bea_pce_state",
    ),
    "smoke": Command(
        "smoke:smoke",
        "Test the installation with a tiny load, then remove it.",
        "smoke bea_pce_state",
    ),
    "show": Command(
        "show:show",
        "Show figures of a Gold model.",
        "show pce_state --area CA --category SAPCE1:1 --as-of 2021-01-01",
    ),
    "explain": Command(
        "explain:explain",
        "Show where a figure comes from, down to the payload.",
        "explain pce_state --area CA --category SAPCE1:1 --period 2018",
    ),
    "search": Command(
        "search:search",
        "Find models, categories and areas by words.",
        "search housing utilities",
    ),
    "vintages": Command(
        "vintages:vintages",
        "Show the vintages that a model is made of.",
        "vintages pce_state --area CA --category SAPCE1:1 --period 2018",
    ),
    "diff": Command(
        "diff:diff",
        "Show what changed between two days.",
        "diff pce_state --from 2021-01-01 --to 2022-12-31 --area CA",
    ),
    "revisions": Command(
        "revision_analysis:revisions",
        "Show how figures were revised: size, bias, news or noise.",
        "revisions pce_state --area CA --category SAPCE1:1 --triangle --wide",
    ),
    "plot": Command(
        "pictures:plot",
        "Draw figures into an SVG or PNG file.",
        "plot pce_state --area CA TX NY --category SAPCE1:1",
    ),
    "report": Command(
        "pictures:report",
        "Write a report on a series as one HTML file.",
        "report pce_state --area CA --category SAPCE1:1 --out california.html",
    ),
    "status": Command(
        "status:status",
        "Show how each source stands, and whether a release is late.",
        "status --env prod",
    ),
    "doctor": Command(
        "doctor:doctor",
        "Look at configuration, keys, lake, database and versions.",
        "doctor --env staging",
    ),
    "ingest": Command(
        "stages:ingest",
        "Fetch new vintages into Bronze, and no further.",
        "ingest bea_pce_state",
    ),
    "transform": Command(
        "stages:transform",
        "Make Silver and Gold from what is in Bronze.",
        "transform bea_pce_state",
    ),
    "load": Command(
        "stages:load",
        "Update PostgreSQL and other sinks from the lake.",
        "load --verify",
    ),
    "completion": Command(
        "completion:completion",
        "Print what makes a shell complete commands and names.",
        "completion bash",
    ),
}
GROUPS = {
    "plugins": Group(
        "What is installed.",
        {
            "list": Command(
                "plugins:list_plugins",
                "List what plugins offer, broken ones too.",
                "plugins list",
            ),
            "new": Command(
                "new_plugin:new_plugin",
                "Write the beginning of a plugin.",
                "plugins new harbour --role source",
            ),
            "test": Command(
                "plugins_test:hold_to_contracts",
                "Run the contract tests on a plugin.",
                "plugins test harbour",
            ),
        },
    ),
    "runs": Group(
        "What has been run.",
        {
            "list": Command(
                "runs:list_runs",
                "List the latest runs.",
                "runs list bea_pce_state --failed --since 2026-01-01",
            ),
            "show": Command(
                "runs:show_run",
                "Show the manifest of a run.",
                "runs show latest --markdown",
            ),
        },
    ),
    "lake": Group(
        "The lake: figures, payloads and manifests.",
        {
            "verify": Command(
                "lake:verify",
                "Read everything in the lake, compare it with its record, repair damage.",
                "lake verify bea_pce_state",
            ),
        },
    ),
    "catalog": Group(
        "What Gold holds, for catalogs of data.",
        {
            "export": Command(
                "catalog:export",
                "Write a Frictionless data package, DCAT and dbt's sources.",
                "catalog export catalog",
            ),
        },
    ),
    "db": Group(
        "The database for analysts.",
        {
            "init": Command(
                "db:init",
                "Make schemas, roles and grants; run once by an administrator.",
                "db init --env staging",
            ),
            "query": Command(
                "db:query",
                "Run a reading SQL statement.",
                'db query "SELECT * FROM pce_state LIMIT 5"',
            ),
            "start": Command(
                "db:start",
                "Leave the embedded database running for other programs.",
                "db start",
            ),
            "stop": Command("db:stop", "Stop the embedded database.", "db stop"),
        },
    ),
}
