"""An environment's lake, sinks and checks, made from the configuration for a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import attrs
import structlog
from attrs import field, frozen

from statpipe.api import (
    Check,
    ConfigError,
    Dataset,
    Environment,
    Lake,
    Model,
    Normalizer,
    Notifier,
    PluginError,
    Sink,
    Source,
    normalizer_at,
)
from statpipe.domain.nearest import nearest
from statpipe.domain.release_calendar import ReleaseCalendar
from statpipe.engine.site.calendars import calendar_of
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.made import made_of
from statpipe.engine.site.memory import Memory, memory_for
from statpipe.engine.site.notifiers import Notifiers, notifiers_of
from statpipe.engine.site.observers import Observers
from statpipe.engine.site.offers import Offer, Role
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.settings import unset_secrets
from statpipe.engine.site.turns import Turns

log = structlog.get_logger("statpipe")


@frozen(kw_only=True)
class Site:
    """
    An environment, ready to run in. ``sinks`` includes the lake.
    """

    configuration: Configuration
    registry: Registry
    environment: Environment
    lake: Lake
    sinks: dict[str, Sink] = field(repr=False)
    checks: Mapping[str, Check] = field(repr=False)
    notifiers: Notifiers = field(factory=Notifiers, repr=False)
    memory: Memory = field(factory=Memory)
    turns: Turns = field(factory=Turns, repr=False)

    def turn_of(self, name: str, source: Source) -> AbstractContextManager[object]:
        """
        Return the turn to ask a source's agency, for when several sources run at once.
        """
        return self.turns.of(source.agency or self.registry.find("source", name).plugin)

    def calendar(self, source: str) -> ReleaseCalendar | None:
        """
        Return the release calendar of a source, if one is declared.

        :raises ConfigError: The calendar is not valid.
        """
        return calendar_of(self.configuration, source, self.environment.name)

    def source(self, name: str) -> Source:
        """
        Make a source.
        """
        return _made(self.configuration, self.registry, self.environment, "source", name)  # type: ignore[no-any-return]

    def normalizer(self, dataset: Dataset) -> Normalizer:
        """
        Make the normalizer that a dataset names: one that a plugin offers, or one at an import
        path.
        """
        if ":" in dataset.normalizer:
            return normalizer_at(dataset.normalizer)
        return _made(  # type: ignore[no-any-return]
            self.configuration, self.registry, self.environment, "normalizer", dataset.normalizer
        )

    def sink(self, name: str) -> Sink:
        """
        Return a sink of the environment, and make it if only the lake was opened.

        :raises ConfigError: The environment has no such sink.
        """
        if name not in self.sinks:
            declared = self.configuration.sinks(self.environment.name)
            there = self.registry.named("sink") if declared is None else declared
            if name not in there:
                msg = f"environment {self.environment.name} has no sink {name!r}{nearest(name, there)}"
                raise ConfigError(msg)
            made = _made(self.configuration, self.registry, self.environment, "sink", name)
            self.sinks[name] = made
        return self.sinks[name]

    def observers(self) -> Observers:
        """
        Return the observers of a run; warn about those that are off.
        """
        self.notifiers.warn()
        return Observers(self.registry, self.notifiers.listening)

    def models_of(self, source: str) -> list[Model]:
        """
        Return the Gold models that read a source, directly or not, in the order of making.

        :raises PluginError: One of them cannot be made.
        """
        return list(self.registry.models_of(source))

    def other_sinks(self) -> dict[str, Sink]:
        """
        Return the sinks that are not the lake.
        """
        return {name: sink for name, sink in self.sinks.items() if sink is not self.lake}

    def close(self) -> None:
        """
        Close every sink, even if one of them fails.
        """
        for name, sink in self.sinks.items():
            try:
                sink.close()
            except Exception as error:  # noqa: BLE001 - the work is done; the others must close too
                log.warning("sink did not close", sink=name, error=str(error))


def open_site(
    configuration: Configuration,
    registry: Registry,
    name: str,
    *,
    scratch: str | None = None,
    fetching: Sequence[str] = (),
) -> Site:
    """
    Make the sinks, checks and notifiers of an environment.

    *fetching* names the sources that will send requests: missing settings, such as a key, are
    reported here together with all other faults.

    :raises ConfigError: The environment is not configured, or its configuration is wrong.
    """
    environment = configuration.environment(name, scratch)
    _refuse_unknown_names(configuration, registry, name)
    _tell_of_broken_plugins(registry)
    declared = configuration.sinks(name)
    wrong: list[ConfigError] = []

    def made(role: Role, names: Iterable[str], needed: Collection[str]) -> dict[str, Any]:
        found = {}
        for one in names:
            try:
                offer = registry.find(role, one)
                thing = _made_if_fit(offer, configuration, environment, needed=one in needed)
                if thing is not None:
                    found[one] = thing
                if role == "source":
                    _ = thing.notice  # needs everything that fetching needs
            except ConfigError as error:
                wrong.append(error)
        return found

    for source in made("source", fetching, fetching).values():
        source.close()
    sinks = made("sink", registry.named("sink") if declared is None else declared, declared or ())
    checks = made("check", registry.named("check"), _configured(configuration, "checks", name))
    _refuse_to_judge_nothing(registry, checks)
    lakes = [sink for sink in sinks.values() if isinstance(sink, Lake)]
    if not wrong and len(lakes) != 1:
        wrong.append(ConfigError(_not_one_lake(configuration, name, len(lakes), sinks)))
    if wrong:
        for sink in sinks.values():
            sink.close()
        raise wrong[0] if len(wrong) == 1 else ConfigError("; also: ".join(map(str, wrong)))
    return Site(
        configuration=configuration,
        registry=registry,
        environment=environment,
        lake=lakes[0],
        sinks=sinks,
        checks=checks,
        notifiers=_notifiers(configuration, registry, environment),
        memory=memory_for(configuration, environment),
    )


def open_lake(
    configuration: Configuration, registry: Registry, name: str, scratch: str | None = None
) -> Site:
    """
    Make only an environment's lake, which is enough for answers to readers: no database driver is
    imported.

    Sinks are made in their order until one is a lake.

    :raises ConfigError: The environment is not configured, wrongly, or has no lake.
    """
    environment = configuration.environment(name, scratch)
    _refuse_unknown_names(configuration, registry, name)
    declared = configuration.sinks(name)
    sinks: dict[str, Sink] = {}
    for one in registry.named("sink") if declared is None else declared:
        offer = registry.find("sink", one)
        made = _made_if_fit(offer, configuration, environment, needed=declared is not None)
        if made is None:
            continue
        sinks[one] = made
        if isinstance(made, Lake):
            return Site(
                configuration=configuration,
                registry=registry,
                environment=environment,
                lake=made,
                sinks=sinks,
                checks={},
                memory=memory_for(configuration, environment),
            )
    for sink in sinks.values():
        sink.close()
    raise ConfigError(_not_one_lake(configuration, name, 0, sinks))


def opened_again(site: Site) -> Site:
    """
    Make the same site with its own sinks and notifiers, for another thread.

    :raises ConfigError: Something has changed since.
    """
    name, scratch = site.environment.name, site.environment.scratch
    again = open_site(site.configuration, site.registry, name, scratch=scratch)
    return attrs.evolve(again, turns=site.turns)


def _not_one_lake(configuration: Configuration, name: str, lakes: int, sinks: Iterable[str]) -> str:
    return (
        f"environment {name} has {lakes} lakes among its sinks ({', '.join(sinks) or 'none'}); "
        f"it needs exactly one: name its sinks in {configuration.shown} as "
        f"[environments.{name}.sinks.<name>]"
    )


def _notifiers(
    configuration: Configuration, registry: Registry, environment: Environment
) -> Notifiers:
    if environment.scratch is not None:
        return Notifiers()  # smoke runs send no messages

    def make(name: str) -> Notifier:
        return _made(configuration, registry, environment, "notifier", name)  # type: ignore[no-any-return]

    def unset(name: str) -> str:
        raw, place = configuration.settings("notifier", name, environment.name)
        return unset_secrets(registry.find("notifier", name).item, raw, place, configuration)

    return notifiers_of(registry.named("notifier"), make, unset)


def _tell_of_broken_plugins(registry: Registry) -> None:
    for broken in registry.broken:
        log.warning("broken plugin", plugin=broken.plugin, reason=broken.reason)
    for name, reason in registry.wrong_models().items():
        log.warning("Gold model left out", model=name, reason=reason)


def _refuse_to_judge_nothing(registry: Registry, checks: Collection[str]) -> None:
    """
    Refuse a run without checks: nothing is published unchecked because the plugin with the checks
    is broken.
    """
    offered = registry.named("check")
    if any(offered[name].item.general for name in checks):
        return
    culprits = [f"{b.plugin} ({b.reason})" for b in registry.broken]
    culprits += [f"{o.plugin} (check {name})" for name, o in offered.items() if name not in checks]
    if culprits:
        msg = (
            f"no checks are available because plugins are broken: {', '.join(culprits)}; correct "
            "or uninstall them"
        )
        raise PluginError(msg)


def _configured(configuration: Configuration, plural: str, environment: str) -> Collection[str]:
    """Return the components that have settings, because a run needs them."""
    return {
        **configuration.table(plural),
        **configuration.table("environments", environment, plural),
    }


def _made_if_fit(
    offer: Offer, configuration: Configuration, environment: Environment, *, needed: bool
) -> Any:
    """
    Make an object. Unused components of a faulty plugin are left out, so that they do not stop the
    others.
    """
    try:
        return made_of(offer, configuration, environment)
    except PluginError as error:
        if needed:
            raise
        log.warning("plugin left out", role=offer.role, name=offer.name, reason=str(error))
        return None


def _made(
    configuration: Configuration,
    registry: Registry,
    environment: Environment,
    role: Role,
    name: str,
) -> Any:
    return made_of(registry.find(role, name), configuration, environment)


def _refuse_unknown_names(configuration: Configuration, registry: Registry, name: str) -> None:
    """Refuse unknown tables of settings: a misspelt one would be ignored silently."""
    roles: tuple[Role, ...] = ("source", "normalizer", "check", "sink", "notifier")
    for role in roles:
        plural = f"{role}s"
        general = {} if role == "sink" else configuration.table(plural)
        for component in {**general, **configuration.table("environments", name, plural)}:
            if component not in registry.named(role):
                if registry.broken:
                    registry.find(role, component)
                choices = registry.named(role)
                msg = f"{configuration.shown}: no {role} is named {component!r}{nearest(component, choices)}"
                raise ConfigError(msg)
