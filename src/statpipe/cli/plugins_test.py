"""``statpipe plugins test``."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import attrs

from statpipe.api import ConfigError, PluginError
from statpipe.cli.common_options import DataOptions
from statpipe.cli.install_command import install_command
from statpipe.cli.option_types import Flag
from statpipe.cli.session import Session, in_session, tell_error, write_json
from statpipe.cli.tables import print_table
from statpipe.cli.terminal import say
from statpipe.domain.nearest import nearest
from statpipe.engine.site.offers import Broken, Offer

if TYPE_CHECKING:
    from statpipe.testing.declarations import Finding

_FAILED, _NOTHING_TO_RUN = 1, 2
_NO_TESTS = 5
_OUTCOMES = ("passed", "failed", "not tested")
_COLUMNS = ("contract", *_OUTCOMES)
_ERROR_LINES = 15


def hold_to_contracts(name: str, *, quick: Flag = False, options: DataOptions | None = None) -> int:
    """
    Run the contract tests on an installed plugin, and explain each failure.

    Tests that need nothing from the plugin's author run first: declarations, settings, import time,
    the SQL of models. Then come the plugin's own contract tests: the module `contracts` of its
    package, or, if it was installed from a checkout with `pip install -e`, the files
    tests/test_contract*.py. Exit code 0: all tests pass; 1: some fail; 2: there is nothing to run.

    Parameters
    ----------
    name
        The plugin, its distribution, or something that it offers.
    quick
        Skip slow tests, such as those that start processes. Good while you work, not before a
        release.
    """
    options = options or DataOptions()

    def work(session: Session) -> int:
        _refuse_without_kit()
        found = _Plugin.named(name, session)
        findings = [*found.declarations(session), *found.contracts(quick=quick)]
        problem = _lacking(found, findings)
        counts = {o.replace(" ", "_"): sum(f.outcome == o for f in findings) for o in _OUTCOMES}
        if options.json:
            told = {"plugin": found.plugin, "distribution": found.distribution.metadata["Name"]}
            version = {"version": found.distribution.version}
            results = [attrs.asdict(finding) for finding in findings]
            write_json({**told, **version, **counts, "problem": problem, "results": results})
        else:
            _show(found, findings)
        if counts["failed"]:
            return _FAILED
        if problem:
            tell_error(problem, _NOTHING_TO_RUN, options)
            return _NOTHING_TO_RUN
        return 0

    return in_session(options, work)


@attrs.frozen(kw_only=True)
class _Plugin:
    """An installed plugin, and where its tests are."""

    plugin: str
    distribution: Distribution
    module: str
    offers: Sequence[Offer]

    @classmethod
    def named(cls, name: str, session: Session) -> _Plugin:
        registry = session.registry
        known: list[Offer | Broken] = [*registry.offers, *registry.broken]
        match = next(
            (
                one
                for one in known
                if name in {one.plugin, one.distribution} or name == getattr(one, "name", None)
            ),
            None,
        )
        if match is None:
            names = {one.plugin for one in known}
            msg = (
                f"no plugin is named {name!r}{nearest(name, names)}; see `statpipe plugins list`, or "
                f"install it from its folder: {install_command('FOLDER')}"
            )
            raise PluginError(msg)
        if isinstance(match, Broken):
            msg = f"plugin {match.plugin} of {match.distribution} is broken: {match.reason}"
            raise PluginError(msg)
        owner = distribution(match.distribution)
        module = next(
            point.module
            for point in owner.entry_points
            if (point.group, point.name) == ("statpipe", match.plugin)
        )
        mine = [
            offer
            for offer in registry.offers
            if (offer.plugin, offer.distribution) == (match.plugin, match.distribution)
        ]
        return cls(plugin=match.plugin, distribution=owner, module=module, offers=mine)

    def declarations(self, session: Session) -> list[Finding]:
        """Test what the plugin declares."""
        from statpipe.testing.declarations import declared_well

        return list(
            declared_well(
                self.module,
                [(o.role, o.item) for o in self.offers if o.role != "model"],
                [o.item for o in self.offers if o.role == "model"],
                [o.item for o in session.registry.offers if o.role == "model"],
                self._documentation(),
            )
        )

    def contracts(self, *, quick: bool) -> list[Finding]:
        """Run the plugin's own contract tests in a separate process."""
        from statpipe.testing.declarations import Finding

        arguments, folder = self._tests()
        if not arguments:
            return []
        with tempfile.TemporaryDirectory() as scratch:
            report = Path(scratch) / "report.jsonl"
            done = subprocess.run(  # noqa: S603 - this very interpreter
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                 "-p", "statpipe.testing.report", f"--statpipe-report={report}",
                 *(["--quick"] if quick else []), *arguments],
                cwd=folder or scratch,
                capture_output=True,
                text=True,
                check=False,
            )  # fmt: skip
            lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
        told = [json.loads(one) for one in lines]
        findings = [Finding(**{**one, "roles": tuple(one["roles"])}) for one in told]
        broke = any(finding.outcome == "failed" for finding in findings)
        if done.returncode not in {0, _NO_TESTS} and not (done.returncode == _FAILED and broke):
            said = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[:_ERROR_LINES])
            after = f" after {findings[-1].promise!r}" if findings else ""
            how = "crashes" if done.returncode < 0 else "cannot go on"
            message = f"pytest {how}{after}, with code {done.returncode}:\n  {said}"
            findings.append(
                Finding(
                    contract="contracts",
                    promise="can be run to the end",
                    outcome="failed",
                    message=message,
                )
            )
        return findings

    @property
    def contracts_module(self) -> str:
        """Name of the module that may contain its contract tests."""
        root = self.module.partition(".")[0]
        spec = importlib.util.find_spec(root)
        is_package = spec is not None and spec.submodule_search_locations is not None
        return f"{root}.contracts" if is_package else f"{root}_contracts"

    def _tests(self) -> tuple[list[str], Path | None]:
        if importlib.util.find_spec(self.contracts_module) is not None:
            return ["--pyargs", self.contracts_module], None
        checkout = self._checkout()
        if checkout is None:
            return [], None
        files = sorted((checkout / "tests").glob("**/test_contract*.py"))
        return [str(file) for file in files], checkout

    def _checkout(self) -> Path | None:
        """Return the folder from which it was installed with `pip install -e`."""
        try:
            told: dict[str, Any] = json.loads(
                self.distribution.read_text("direct_url.json") or "{}"
            )
        except ValueError:
            return None
        parts = urlsplit(str(told.get("url", "")))
        editable = told.get("dir_info", {}).get("editable")
        return Path(unquote(parts.path)) if editable and parts.scheme == "file" else None

    def _documentation(self) -> str:
        """Return the README and the pages of the checkout, if there is one."""
        text = str(self.distribution.metadata.json.get("description") or "")
        checkout = self._checkout()
        if checkout is not None:
            pages = [*checkout.glob("*.md"), *checkout.glob("docs/*.md")]
            pages += checkout.parents[1].glob("docs/configuration.md")
            text += "\n".join(page.read_text(encoding="utf-8") for page in pages)
        return text


def _refuse_without_kit() -> None:
    try:
        from statpipe.testing import StoreContract  # noqa: F401 - any of its names
    except ImportError as error:
        raise ConfigError(str(error)) from error


def _lacking(plugin: _Plugin, findings: Sequence[Finding]) -> str:
    """Return what the plugin's author has not written yet."""
    from statpipe.testing.model_contract.expected import standard_models

    models = [offer.item for offer in plugin.offers if offer.role == "model"]
    offered = {str(offer.role) for offer in plugin.offers}
    if {model.name for model in models} == standard_models(models):
        offered.discard("model")  # statpipe itself is responsible for these
    lacking = sorted(offered - {role for finding in findings for role in finding.roles})
    if not lacking:
        return ""
    classes = ", ".join(f"{role.capitalize()}Contract" for role in lacking)
    return (
        f"plugin {plugin.plugin} has no contract tests for {', '.join(lacking)}: inherit "
        f"{classes} of statpipe.testing in {plugin.contracts_module}, or in "
        "tests/test_contracts.py of a checkout that is installed with `pip install -e`"
    )


def _show(plugin: _Plugin, findings: Sequence[Finding]) -> None:
    contracts = dict.fromkeys(finding.contract for finding in findings)
    rows = [
        (
            contract,
            *(
                str(sum(f.outcome == o for f in findings if f.contract == contract))
                for o in _OUTCOMES
            ),
        )
        for contract in contracts
    ]
    title = f"Plugin {plugin.plugin} of {plugin.distribution.metadata['Name']} {plugin.distribution.version}"
    print_table(title, _COLUMNS, rows, right=_COLUMNS[1:])
    for finding in findings:
        if finding.outcome == "failed":
            say()
            say(f"{finding.contract}: {finding.promise}")
            for line in finding.message.split("\n"):
                say(line, label="  ")
    for reason, promises in _untested(findings).items():
        say()
        say(f"not tested: {', '.join(promises)}")
        for line in reason.split("\n"):
            say(line.strip(), label="  ")


def _untested(findings: Sequence[Finding]) -> dict[str, list[str]]:
    """Group untested promises by reason, so that each remedy is printed once."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        if finding.outcome == "not tested":
            promises = found.setdefault(finding.message.removeprefix("not tested: "), [])
            if finding.promise not in promises:
                promises.append(finding.promise)
    return found
