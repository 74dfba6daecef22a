"""What a run would fetch and write, and why: the same decisions, but nothing is done."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from statpipe.api import Dataset, Source
from statpipe.engine.record.decide import decide
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.records import latest_manifest
from statpipe.engine.record.state import State
from statpipe.engine.runs.due import due_in
from statpipe.engine.runs.source_run import find_outdated
from statpipe.engine.site.observers import Observers
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import Site
from statpipe.engine.stages.ingest import chosen_datasets
from statpipe.engine.stages.load import Load
from statpipe.engine.stages.options import Options


@frozen(kw_only=True)
class Step:
    """
    One thing that a run would do or skip. ``requests`` are those to the agency, where known.
    """

    source: str
    what: str
    vintage: str
    action: str
    reason: str
    requests: int | None = None


@frozen(kw_only=True)
class Plan:
    """
    The steps of a run, with the source's notice. ``waiting`` is about how many seconds the requests must
    wait for the agency's limits.
    """

    source: str
    notice: str
    waiting: float
    steps: tuple[Step, ...]


def plan_source(site: Site, name: str, options: Options) -> Plan:
    """
    Probe a source and decide, without writing anything.
    """
    source = site.source(name)
    try:
        before = latest_manifest(site.lake, name)
        state = State(before.holds if before else ())
        datasets = chosen_datasets(name, source, options)
        journal = Journal(run_id="plan", source=name, observers=Observers(Registry()))
        if before is not None:
            journal.asked, journal.asked_for = before.asked, before.asked_for
        if due_in(site, source, state, datasets, journal).is_asked(options):
            steps = _asked(name, source, state, datasets, options)
        else:
            steps = [
                Step(
                    source=name,
                    what=dataset.name,
                    vintage="",
                    action="nothing",
                    reason=journal.calendar,
                    requests=0,
                )
                for dataset in datasets
            ]
        steps += [
            Step(
                source=name,
                what=item.held.dataset,
                vintage=item.held.vintage.id,
                action="build Silver from Bronze",
                reason=item.reason,
                requests=0,
            )
            for item in find_outdated(site, name, state, datasets)
        ]
        waiting = source.waiting(sum(step.requests or 0 for step in steps))
        return Plan(
            source=name,
            notice=source.notice,
            waiting=waiting,
            steps=(*steps, *_gold(site, name, state, steps)),
        )
    finally:
        source.close()


def _asked(
    name: str, source: Source, state: State, datasets: Sequence[Dataset], options: Options
) -> list[Step]:
    steps = []
    for dataset in datasets:
        for decision in decide(state, dataset, source.vintages(dataset), full=options.full):
            vintage = decision.vintage
            steps.append(
                Step(
                    source=name,
                    what=dataset.name,
                    vintage=vintage.id,
                    action="fetch" if decision.fetch else "nothing",
                    reason=decision.reason,
                    requests=source.requests(dataset, vintage) if decision.fetch else 0,
                )
            )
    return steps


def _gold(site: Site, name: str, state: State, steps: list[Step]) -> list[Step]:
    changes = any(step.action != "nothing" for step in steps)
    journal = Journal(run_id="plan", source=name, observers=Observers(Registry()))
    load = Load(site=site, state=state, journal=journal)
    models = site.models_of(name)
    with load.opened_gold() as gold:
        lacking = {
            sink_name: {model.name for model in load.lacking(sink, gold, models)}
            for sink_name, sink in site.sinks.items()
        }
    found = []
    for model in models:
        sinks = [sink_name for sink_name, names in lacking.items() if model.name in names]
        if changes:
            action, reason = "write Gold to every sink", "its Silver will change"
        elif sinks:
            action, reason = (
                f"write Gold to {', '.join(sinks)}",
                ("missing, or made from other inputs"),
            )
        else:
            action, reason = "nothing", "all sinks are up to date"
        found.append(
            Step(source=name, what=model.name, vintage="", action=action, reason=reason, requests=0)
        )
    return found
