"""Whether everything that a run needs is available; each line says how to fix a problem."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

import attrs

import statpipe
from statpipe.api import Diagnosis, StatpipeError
from statpipe.engine.record.advice import in_environment
from statpipe.engine.record.records import manifest_of
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.instances import NO_MODELS, NO_MODELS_REMEDY, is_without_models
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import Site, open_site

_OLDEST_PYTHON = (3, 11)


def diagnose(
    configuration: Configuration, registry: Registry, environment: str
) -> Iterator[Diagnosis]:
    """
    Check versions, plugins, configuration, sinks and sources. Nothing is raised.
    """
    for found in _found(configuration, registry, environment):
        yield attrs.evolve(
            found,
            finding=in_environment(found.finding, environment),
            remedy=in_environment(found.remedy, environment),
        )


def _found(
    configuration: Configuration, registry: Registry, environment: str
) -> Iterator[Diagnosis]:
    yield _versions()
    yield Diagnosis(
        "configuration",
        "ok",
        str(configuration.path) if configuration.path else "no statpipe.toml; defaults are used",
    )
    for broken in registry.broken:
        remedy = f"upgrade or uninstall {broken.distribution}"
        yield Diagnosis(f"plugin {broken.plugin}", "error", broken.reason, remedy)
    for name, reason in registry.wrong_models().items():
        remedy = (
            "correct or uninstall its plugin; until then, sources that the model reads cannot run"
        )
        yield Diagnosis(f"model {name}", "error", reason, remedy)
    try:
        site = open_site(configuration, registry, environment)
    except Exception as error:  # noqa: BLE001 - a doctor does not faint
        yield _failed(f"environment {environment}", error)
        return
    try:
        yield Diagnosis(f"environment {environment}", "ok", f"sinks: {', '.join(site.sinks)}")
        yield from _parts(site)
    finally:
        site.close()


def _parts(site: Site) -> Iterator[Diagnosis]:
    for name, sink in site.sinks.items():
        try:
            yield from sink.diagnose()
        except Exception as error:  # noqa: BLE001 - a doctor does not faint
            yield _failed(name, error)
    yield from _manifests(site)
    for name, reason in site.notifiers.off.items():
        yield Diagnosis(
            f"notifier {name}", "error", f"is off: {reason}", ("correct it as the message says")
        )
    for name, notifier in site.notifiers.ready.items():
        try:
            yield from notifier.diagnose()
        except Exception as error:  # noqa: BLE001 - a doctor does not faint
            yield _failed(name, error)
    for name in site.registry.sources():
        try:
            source = site.source(name)
            try:
                yield from source.diagnose()
                if is_without_models(site.configuration, site.registry, name):
                    yield Diagnosis(name, "warning", NO_MODELS, NO_MODELS_REMEDY)
            finally:
                source.close()
        except Exception as error:  # noqa: BLE001 - a doctor does not faint
            yield _failed(name, error)


def _manifests(site: Site) -> Iterator[Diagnosis]:
    """Read the newest manifest of each source, which lists what the lake holds."""
    try:
        newest = dict(site.lake.run_ids())
        for source, run_id in sorted(newest.items()):
            subject = f"lake of {source}"
            faults = site.lake.manifest_faults(source, run_id)
            for fault in faults:
                remedy = f"run `statpipe lake verify {source} --repair`"
                yield Diagnosis(subject, "error", str(fault), remedy)
            if not faults:
                manifest = manifest_of(site.lake, source, run_id)
                text = f"the newest manifest ({run_id}) names {len(manifest.holds)} vintages"
                yield Diagnosis(subject, "ok", text)
    except Exception as error:  # noqa: BLE001 - a doctor does not faint
        yield _failed("lake", error)


def _failed(name: str, error: Exception) -> Diagnosis:
    if isinstance(error, StatpipeError):
        return Diagnosis(name, "error", str(error), "correct it as the message says")
    return Diagnosis(
        name, "error", f"{type(error).__name__}: {error}", ("report it to the plugin's author")
    )


def _versions() -> Diagnosis:
    text = f"statpipe {statpipe.__version__}, Python {platform.python_version()}"
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return Diagnosis("versions", "error", text, "use Python 3.11 or newer")
    return Diagnosis("versions", "ok", text)
