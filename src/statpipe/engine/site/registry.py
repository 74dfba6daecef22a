"""Which plugins are installed, what they offer, and which of them are broken."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import Distribution, EntryPoint, distributions
from types import ModuleType
from typing import Any

import attrs
import pluggy

from statpipe.api import Instance, Model, PluginError, hookspecs
from statpipe.api.markers import PROJECT
from statpipe.domain.nearest import nearest
from statpipe.engine.site.host_bound import refuse_other_versions
from statpipe.engine.site.model_order import impossible, in_order, reading
from statpipe.engine.site.offers import (
    Broken,
    Offer,
    Role,
    offered_twice,
    offers_of,
    refuse_misspelt_hooks,
    takes_instances,
)


@attrs.frozen(kw_only=True)
class _Models:
    """The Gold models among some offers: those that can be made, in order, and why the others cannot."""

    offers: tuple[Offer, ...]
    wrong: dict[str, str] = attrs.field(init=False)
    ordered: Sequence[Model] = attrs.field(init=False)

    @wrong.default
    def _found_wrong(self) -> dict[str, str]:
        models = [offer for offer in self.offers if offer.role == "model"]
        names = Counter(offer.name for offer in models)
        twice = {
            name: offered_twice([offer for offer in models if offer.name == name])
            for name, count in names.items()
            if count > 1
        }
        once = [(offer.item, offer.whose) for offer in models if offer.name not in twice]
        sources = {offer.name for offer in self.offers if offer.role == "source"}
        return impossible(once, sources, twice)

    @ordered.default
    def _put_in_order(self) -> Sequence[Model]:
        models = [offer.item for offer in self.offers if offer.role == "model"]
        return in_order(model for model in models if model.name not in self.wrong)


class Registry:
    """
    What is registered. A broken plugin only stops runs that need it.
    """

    def __init__(self, plugins: Iterable[tuple[str, str, str, Any]] = ()) -> None:
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.offers: list[Offer] = []
        self.broken: list[Broken] = []
        self._modules: dict[tuple[str, str, str], Any] = {}
        self._sorted = _Models(offers=())
        for plugin, distribution, version, module in plugins:
            self.register(plugin, distribution, version, module)

    @classmethod
    def installed(cls) -> Registry:
        """
        Load every entry point of the group ``statpipe``, each on its own.
        """
        registry = cls()
        for (name, _), (distribution, entry_point) in sorted(_entry_points().items()):
            version = distribution.version
            try:
                refuse_other_versions(distribution)
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
        Add a plugin's hooks and offers, or record why that is not possible.
        """
        # Two distributions may name their entry points alike.
        own = f"{plugin} of {distribution}" if self.manager.has_plugin(plugin) else plugin
        try:
            self.manager.register(module, name=own)
            refuse_misspelt_hooks(module)
            self.manager.check_pending()
            offers = offers_of((plugin, distribution, version), module)
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
        Add the sources that the configuration makes of components, with their Gold models.

        If two plugins offer a component, its instance is offered twice too, and cannot be used.
        """
        components = [offer for offer in self.offers if offer.role == "source"]
        for instance in instances:
            for offer in (one for one in components if one.name == instance.component):
                summary = f"uses {instance.component}"
                item = attrs.evolve(
                    offer.item, name=instance.name, summary=summary, needs_instance=False
                )
                self.offers.append(attrs.evolve(offer, name=item.name, summary=summary, item=item))
        for of, module in self._modules.items() if instances else ():
            if takes_instances(module):
                try:
                    models = offers_of(of, module, instances, ("model",))
                except BaseException as error:  # a plugin may even call sys.exit
                    if isinstance(error, KeyboardInterrupt):
                        raise
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

        :raises PluginError: The name does not exist, is offered twice, or is a model that cannot be
        made.
        """
        found = [offer for offer in self.offers if (offer.role, offer.name) == (role, name)]
        if len(found) > 1:
            raise PluginError(offered_twice(found))
        if found and role == "model" and name in self.wrong_models():
            raise PluginError(self.wrong_models()[name])
        if found:
            return found[0]
        msg = f"no {role} is named {name!r}{nearest(name, self.named(role))}"
        if self.broken:
            culprits = ", ".join(f"{b.plugin} ({b.reason})" for b in self.broken)
            msg += f"; broken plugins: {culprits}"
        raise PluginError(msg + " (see `statpipe plugins list`)")

    def models(self) -> Sequence[Model]:
        """
        Return the Gold models that can be made, each after those that it reads.
        """
        return list(self._models().ordered)

    def models_of(self, source: str) -> Sequence[Model]:
        """
        Return the Gold models that read a source, directly or through others, in the order of making.

        :raises PluginError: One of them cannot be made.
        """
        wrong = self.wrong_models()
        reached, before = {source}, 0
        while len(reached) > before:
            before = len(reached)
            reached |= {
                o.name for o in self.offers if o.role == "model" and reached & {*o.item.inputs}
            }
        reasons = [reason for name, reason in wrong.items() if name in reached]
        if reasons:
            raise PluginError("; also: ".join(dict.fromkeys(reasons)))
        return reading(self.models(), source)

    def wrong_models(self) -> dict[str, str]:
        """
        Return the reason for each Gold model that cannot be made, by its name.

        It only stops runs of the sources that it reads.
        """
        return self._models().wrong

    def versions(self) -> dict[str, str]:
        """
        Return the versions of the distributions that plugins come from.
        """
        return {offer.distribution: offer.version for offer in self.offers}

    def _models(self) -> _Models:
        """Sort the models once, and again if others are offered: each run of many sources asks for them."""
        if self._sorted.offers != (*self.offers,):
            self._sorted = _Models(offers=(*self.offers,))
        return self._sorted

    def _break(self, plugin: str, distribution: str, version: str, error: BaseException) -> None:
        # statpipe's own messages are already sentences.
        text = str(error) if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
        self.broken.append(
            Broken(
                plugin=plugin,
                distribution=distribution,
                version=version,
                reason=text.splitlines()[0],
                trace="".join(traceback.format_exception(error)),
            )
        )


def _entry_points() -> dict[tuple[str, str], tuple[Distribution, EntryPoint]]:
    """Return the entry points of plugins, by distribution and name."""
    found: dict[tuple[str, str], tuple[Distribution, EntryPoint]] = {}
    for distribution in distributions():
        own = [one for one in distribution.entry_points if one.group == PROJECT]
        if own:
            name = distribution.metadata["Name"]  # this reads its file each time
            for entry_point in own:
                # The first on sys.path wins, as for an import.
                found.setdefault((name, entry_point.name), (distribution, entry_point))
    return found
