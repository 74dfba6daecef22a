"""Which plugins are installed, what they offer, and which of them are broken."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Collection, Iterable, Sequence
from importlib.metadata import Distribution, EntryPoint, distributions
from types import ModuleType
from typing import Any, Literal

import attrs
import pluggy
from attrs import field, frozen

from statpipe.api import Component, Instance, Model, PluginError, hookspecs
from statpipe.api.markers import PROJECT
from statpipe.engine.site.host_bound import refuse_older_plugin
from statpipe.engine.site.model_order import in_order, refuse_impossible
from statpipe.engine.site.nearest import nearest

Role = Literal["source", "normalizer", "sink", "check", "model", "notifier"]
_HOOKS: dict[Role, str] = {
    "source": "statpipe_sources",
    "normalizer": "statpipe_normalizers",
    "sink": "statpipe_sinks",
    "check": "statpipe_checks",
    "model": "statpipe_models",
    "notifier": "statpipe_notifiers",
}


@frozen(kw_only=True)
class Offer:
    """
    One named declaration, and who offers it.
    """

    role: Role
    name: str
    summary: str
    plugin: str
    distribution: str
    version: str
    item: Any = field(repr=False)

    @property
    def of(self) -> tuple[str, str, str]:
        """
        The plugin, its distribution and version.
        """
        return self.plugin, self.distribution, self.version


@frozen(kw_only=True)
class Broken:
    """
    A plugin that cannot be used, and why in one line.
    """

    plugin: str
    distribution: str
    version: str
    reason: str
    trace: str = field(repr=False, default="")


class Registry:
    """
    What is registered. One broken plugin stops nobody but the run that needs it.
    """

    def __init__(self, plugins: Iterable[tuple[str, str, str, Any]] = ()) -> None:
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.offers: list[Offer] = []
        self.broken: list[Broken] = []
        self._modules: dict[tuple[str, str, str], Any] = {}
        for plugin, distribution, version, module in plugins:
            self.register(plugin, distribution, version, module)

    @classmethod
    def installed(cls) -> Registry:
        """
        Load every entry point of the group ``statpipe``, each on its own.
        """
        registry = cls()
        for distribution, entry_point in _entry_points():
            name, version = distribution.metadata["Name"], distribution.version
            try:
                refuse_older_plugin(distribution)
                module: ModuleType = entry_point.load()
            except BaseException as error:  # a plugin may even call sys.exit
                if isinstance(error, KeyboardInterrupt):
                    raise
                registry._break(entry_point.name, name, version, error)
            else:
                registry.register(entry_point.name, name, version, module)
        return registry

    def register(self, plugin: str, distribution: str, version: str, module: Any) -> None:
        """
        Take in a plugin's hooks and what it offers, or note why that cannot be.
        """
        # Two distributions may name their entry points alike.
        own = f"{plugin} of {distribution}" if self.manager.has_plugin(plugin) else plugin
        try:
            self.manager.register(module, name=own)
            _refuse_misspelt_hooks(module)
            self.manager.check_pending()
            offers = self._offers_of((plugin, distribution, version), module)
        except BaseException as error:  # a plugin may even call sys.exit
            if isinstance(error, KeyboardInterrupt):
                raise
            if self.manager.has_plugin(own):
                self.manager.unregister(name=own)
            self._break(plugin, distribution, version, error)
        else:
            self.offers += offers
            self._modules[plugin, distribution, version] = module

    def add_instances(self, instances: Sequence[Instance]) -> None:
        """
        Take in the sources that the configuration makes of components, with their Gold models.

        Where two plugins offer a component, its instance is offered twice, too, and found by nobody.
        """
        components = [offer for offer in self.offers if offer.role == "source"]
        for instance in instances:
            for offer in (one for one in components if one.name == instance.component):
                summary = f"{offer.summary} (uses {instance.component})"
                item = attrs.evolve(
                    offer.item, name=instance.name, summary=summary, needs_instance=False
                )
                self.offers.append(attrs.evolve(offer, name=item.name, summary=summary, item=item))
        for of, module in self._modules.items() if instances else ():
            if "instances" in _parameters(getattr(module, _HOOKS["model"], None)):
                try:
                    models = self._offers_of(of, module, instances, ("model",))
                except Exception as error:  # noqa: BLE001 - a plugin's hook may raise anything
                    self._break(*of, error)
                else:
                    ours = [o for o in self.offers if o.role == "model" and o.of == of]
                    self.offers = [o for o in self.offers if o not in ours] + models

    def observe(self, observer: object) -> None:
        """
        Register an object whose methods are lifecycle hooks.
        """
        self.manager.register(observer)

    def named(self, role: Role) -> dict[str, Offer]:
        """
        Return the offers of a role by name.
        """
        return {offer.name: offer for offer in self.offers if offer.role == role}

    def sources(self) -> list[str]:
        """
        Return the names of the sources that can run.
        """
        return [name for name, o in self.named("source").items() if not o.item.needs_instance]

    def find(self, role: Role, name: str) -> Offer:
        """
        Return one offer.

        :raises PluginError: There is none of this name, or two.
        """
        found = [offer for offer in self.offers if (offer.role, offer.name) == (role, name)]
        if len(found) == 1:
            return found[0]
        if found:
            who = " and ".join(f"{o.distribution} {o.version}" for o in found)
            msg = f"two plugins offer a {role} named {name!r}: {who}; uninstall one of them"
            raise PluginError(msg)
        msg = f"no {role} is named {name!r}{nearest(name, self.named(role))}"
        if self.broken:
            culprits = ", ".join(f"{b.plugin} ({b.reason})" for b in self.broken)
            msg += f"; broken plugins: {culprits}"
        raise PluginError(msg + " (see `statpipe plugins list`)")

    def models(self) -> Sequence[Model]:
        """
        Return all Gold models, each after those that it reads.

        :raises PluginError: Two have one name, they read each other in a circle, one has the name
            of a source, or one is a view over a source.
        """
        found = [self.find("model", name).item for name in self.named("model")]
        refuse_impossible(found, self.named("source"))
        return in_order(found)

    def versions(self) -> dict[str, str]:
        """
        Return the versions of the distributions that plugins come from.
        """
        return {offer.distribution: offer.version for offer in self.offers}

    def _offers_of(
        self,
        of: tuple[str, str, str],
        module: Any,
        instances: Sequence[Instance] = (),
        roles: Iterable[Role] = tuple(_HOOKS),
    ) -> list[Offer]:
        plugin, distribution, version = of
        offers = []
        for role in roles:
            hook = _HOOKS[role]
            function = getattr(module, hook, None)
            if function is None:
                continue
            wanted = Model if role == "model" else Component
            told = {"instances": instances} if "instances" in _parameters(function) else {}
            for item in function(**told):
                if not isinstance(item, wanted):
                    msg = f"{hook} returned {type(item).__name__}; expected statpipe.api.{wanted.__name__}"
                    raise TypeError(msg)
                offers.append(
                    Offer(
                        role=role,
                        name=item.name,
                        summary=item.title if isinstance(item, Model) else item.summary,
                        plugin=plugin,
                        distribution=distribution,
                        version=version,
                        item=item,
                    )
                )
        return offers

    def _break(self, plugin: str, distribution: str, version: str, error: BaseException) -> None:
        self.broken.append(
            Broken(
                plugin=plugin,
                distribution=distribution,
                version=version,
                reason=f"{type(error).__name__}: {error}".splitlines()[0],
                trace="".join(traceback.format_exception(error)),
            )
        )


def _entry_points() -> list[tuple[Distribution, EntryPoint]]:
    found: dict[tuple[str, str], tuple[Distribution, EntryPoint]] = {}
    for distribution in distributions():
        for entry_point in distribution.entry_points:
            if entry_point.group == PROJECT:
                # The first on sys.path wins, as for an import.
                key = (distribution.metadata["Name"], entry_point.name)
                found.setdefault(key, (distribution, entry_point))
    return [found[key] for key in sorted(found)]


def _parameters(function: Any) -> Collection[str]:
    return inspect.signature(function).parameters if function is not None else ()


def _refuse_misspelt_hooks(module: Any) -> None:
    """A function that is named like a hook but is none, or not marked as one, is never called."""
    known = {name for name in dir(hookspecs) if name.startswith(f"{PROJECT}_")}
    for name in dir(module):
        function = getattr(module, name) if name.startswith(f"{PROJECT}_") else None
        if not callable(function):
            continue
        if name not in known:
            msg = f"{name} is no hook of statpipe{nearest(name, known)}"
            raise PluginError(msg)
        if name not in _HOOKS.values() and not hasattr(function, f"{PROJECT}_impl"):
            msg = f"{name} is not marked with statpipe.api.hookimpl, so it would never be called"
            raise PluginError(msg)
