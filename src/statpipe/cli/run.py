"""``statpipe run``."""

from __future__ import annotations

from pathlib import Path

import attrs

from statpipe.api import ConfigError, Manifest
from statpipe.cli.brief import BriefReport, is_brief, tell_briefly
from statpipe.cli.common_options import CommonOptions, DataOptions
from statpipe.cli.manifests import manifest_document
from statpipe.cli.option_types import All, Count, Flag, Name, Names, Seconds, split
from statpipe.cli.report import RunReport, print_receipts, print_summary
from statpipe.cli.revisions import write_markdown
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.terminal import say
from statpipe.engine.runs.run import run_sources, worst
from statpipe.engine.stages.options import INGEST, Options


def run(
    *names: Name,
    all_: All = False,
    full: Flag = False,
    force: Flag = False,
    tables: Names = (),
    wait: Seconds = 0.0,
    accept_revision: Flag = False,
    markdown: Path | None = None,
    report: Path | None = None,
    jobs: Count = 1,
    options: DataOptions | None = None,
) -> int:
    """
    Load new vintages of sources: fetch, check, transform and publish.

    An unchanged source costs one request per table and writes nothing. It is always safe to run
    again.

    Parameters
    ----------
    names
        Sources, as `statpipe plugins list` shows them.
    all_
        Run every installed source.
    full
        Fetch and compare every figure, even if the agency's release date has not changed.
    force
        Ask the agency even if its release calendar says that nothing is due.
    tables
        Only these datasets of the source, such as `A B` or `A,B`.
    wait
        Seconds to wait for another run of the same source.
    accept_revision
        Publish even if revisions exceed the plausibility limits.
    markdown
        File for a Markdown report on what the new releases changed.
    report
        File for an HTML report with pictures, checks and hashes.
    jobs
        How many sources to run at once. Sources of the same agency take turns.
    """
    wanted = Options(
        full=full, force=force, tables=split(tables), wait=wait, accept_revision=accept_revision
    )
    options = options or DataOptions()
    return run_stages(
        *(split(names), wanted, options),
        everything=all_,
        markdown=markdown,
        report=report,
        jobs=jobs,
    )


def run_stages(
    names: tuple[str, ...],
    wanted: Options,
    options: DataOptions,
    *,
    everything: bool,
    markdown: Path | None = None,
    report: Path | None = None,
    jobs: int = 1,
) -> int:
    """
    Run sources with these options, and print the results.
    """
    wanted = attrs.evolve(wanted, arguments=repeated(options))

    def work(session: Session) -> int:
        for file in (markdown, report):
            if file is not None:
                require_folder_of(file)
        chosen = chosen_sources(session, names, everything=everything)
        brief = is_brief(options)
        session.registry.observe(
            BriefReport() if brief else RunReport(bar=options.log_format == "text")
        )
        # With several sources, one with missing settings must not stop the others.
        fetching = chosen if INGEST in wanted.stages and len(chosen) == 1 else ()
        with session.site(fetching) as site:
            manifests = run_sources(site, chosen, wanted, jobs=jobs)
            places = [pair for sink in site.sinks.values() for pair in sink.locations().items()]
        if options.json:
            write_json([manifest_document(manifest) for manifest in manifests])
        if brief:
            tell_briefly(manifests, places)
        elif options.log_format == "text":
            tell_endings(manifests, places)
        if markdown is not None:
            # Last, so that an unwritable file does not hide the results of the run.
            write_markdown(manifests, markdown)
        if report is not None:
            from statpipe.cli.pictures import write_text
            from statpipe.engine.answers.run_report import run_page

            write_text(report, run_page(manifests))
        return worst([manifest.exit_code for manifest in manifests])

    return in_session(options, work)


def repeated(options: CommonOptions) -> tuple[str, ...]:
    """
    Return the arguments that a command needs again to find the same configuration.
    """
    return () if options.config is None else ("--config", str(options.config))


def chosen_sources(session: Session, names: tuple[str, ...], *, everything: bool) -> list[str]:
    """
    Return the sources to work on.

    :raises ConfigError: No source is named, or a source is not installed.
    """
    installed = session.registry.sources()
    if everything and names:
        msg = f"--all and {', '.join(names)} exclude each other; name sources, or use --all"
        raise ConfigError(msg)
    if everything:
        return installed
    if not names:
        there = ", ".join(installed) or "none is installed"
        raise ConfigError(f"no source is named; name one of {there}, or use --all")
    for name in names:
        if session.registry.find("source", name).item.needs_instance:
            msg = (
                f"{name} needs a flow; give one a name in statpipe.toml, such as "
                f'[sources.my_flow] use = "{name}", and run that'
            )
            raise ConfigError(msg)
    return list(dict.fromkeys(names))


def require_folder_of(path: Path) -> None:
    """
    See that a report can be put where it is wanted, before anything is fetched or published.

    :raises ConfigError: The folder does not exist.
    """
    if not path.parent.is_dir():
        msg = (
            f"the report cannot be written: {path}: {path.parent} is not a folder; name a file in "
            "an existing folder"
        )
        raise ConfigError(msg)


def tell_endings(manifests: list[Manifest], places: list[tuple[str, str]]) -> None:
    """
    Print what each run did, where the data is, and what to know or do.
    """
    for manifest in manifests:
        print_summary(manifest)
        if manifest.command == "load":
            print_receipts(manifest)
    if any(manifest.exit_code == 0 for manifest in manifests):
        for what, where in places:
            say(f"{what}: {where}", to_stderr=True)
    for manifest in manifests:
        if manifest.message:
            text = f"statpipe: {manifest.source}: {manifest.message} (exit {manifest.exit_code})"
            say(text, to_stderr=True)
    for notice in dict.fromkeys(m.notice for m in manifests if m.notice):
        say(notice, to_stderr=True)
