"""``statpipe smoke``."""

from __future__ import annotations

from statpipe.cli.common_options import DataOptions
from statpipe.cli.manifests import manifest_document
from statpipe.cli.option_types import Name
from statpipe.cli.report import RunReport, print_summary
from statpipe.cli.session import Session, in_session, write_json
from statpipe.cli.terminal import say
from statpipe.engine.runs.smoke import smoke as run_smoke


def smoke(name: Name, *, options: DataOptions | None = None) -> int:
    """
    Test the installation with a tiny load through every stage, then remove it.

    Parameters
    ----------
    name
        Source, as `statpipe plugins list` shows it.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        session.registry.find("source", name)
        session.registry.observe(RunReport(bar=False))
        manifest = run_smoke(session.configuration, session.registry, options.env, name)
        if options.json:
            write_json(manifest_document(manifest))
        if options.log_format == "text":
            print_summary(manifest)
            well = "works" if manifest.exit_code == 0 else f"fails: {manifest.message}"
            say(f"{name} in {options.env} {well}", to_stderr=True)
            if manifest.notice:
                say(manifest.notice, to_stderr=True)
        return manifest.exit_code

    return in_session(options, work)
