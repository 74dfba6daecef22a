"""All commands: where each is, what it does, and an example. They are imported when they are
called.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """
    A command: module and function, a line of help, and an example.
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
        "Create a project folder with configuration, workflow and README.",
        "init statistics",
    ),
    "run": Command(
        "run:run",
        "Load new vintages of sources: fetch, check, transform and publish.",
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
        "Search for models, categories and areas.",
        "search housing utilities",
    ),
    "vintages": Command(
        "vintages:vintages",
        "Show the vintages behind a model.",
        "vintages pce_state --area CA --category SAPCE1:1 --period 2018",
    ),
    "diff": Command(
        "diff:diff",
        "Show what changed between two dates.",
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
        "Show the state of each source, and whether a release is late.",
        "status --env prod",
    ),
    "doctor": Command(
        "doctor:doctor",
        "Check configuration, keys, lake, database and versions.",
        "doctor --env staging",
    ),
    "ingest": Command(
        "stages:ingest",
        "Fetch new vintages into Bronze only.",
        "ingest bea_pce_state",
    ),
    "transform": Command(
        "stages:transform",
        "Build Silver and Gold from Bronze.",
        "transform bea_pce_state",
    ),
    "load": Command(
        "stages:load",
        "Update PostgreSQL and other sinks from the lake.",
        "load --verify",
    ),
    "completion": Command(
        "completion:completion",
        "Print the script for shell completion of commands and names.",
        "completion bash",
    ),
}
GROUPS = {
    "plugins": Group(
        "List, create and test plugins.",
        {
            "list": Command(
                "plugins:list_plugins",
                "List the plugins and what they offer, including broken ones.",
                "plugins list",
            ),
            "new": Command(
                "new_plugin:new_plugin",
                "Create a new plugin from a template.",
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
        "List and show past runs.",
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
        "Verify and repair the lake.",
        {
            "verify": Command(
                "lake:verify",
                "Compare everything in the lake with its manifests, and repair damage.",
                "lake verify bea_pce_state",
            ),
        },
    ),
    "catalog": Group(
        "Describe Gold for data catalogs.",
        {
            "export": Command(
                "catalog:export",
                "Write a Frictionless data package, a DCAT catalog and dbt sources.",
                "catalog export catalog",
            ),
        },
    ),
    "db": Group(
        "Query and manage the database for analysts.",
        {
            "init": Command(
                "db:init",
                "Create schemas, roles and grants; an administrator runs this once.",
                "db init --env staging",
            ),
            "query": Command(
                "db:query",
                "Run a read-only SQL statement.",
                'db query "SELECT * FROM pce_state LIMIT 5"',
            ),
            "start": Command(
                "db:start",
                "Keep the embedded database running for other programs.",
                "db start",
            ),
            "stop": Command("db:stop", "Stop the embedded database.", "db stop"),
        },
    ),
}
