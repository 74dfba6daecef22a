"""Call a source as a run does, and report in plain words what it did wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from statpipe.api import Dataset, Payload, Source, Vintage
from statpipe.testing.author import Author
from statpipe.testing.clock import quick_sleep
from statpipe.testing.patience import MOST_ASKED, patient
from statpipe.testing.wording import broken, foreseen


def datasets_of(make_source: Callable[[], Source]) -> Sequence[Dataset]:
    """
    Return the datasets of a new source.
    """
    source = make_source()
    datasets = source.datasets()
    source.close()
    return datasets


def probe(source: Source, dataset: Dataset) -> Vintage:
    """
    Probe, and end the test if that fails or returns no release.
    """
    __tracebackhide__ = True
    with foreseen(f"probe({dataset.name})", "let the local agency answer what the probe asks"):
        found = source.probe(dataset)
    if not isinstance(found, Vintage):
        broken(f"probe returned {type(found).__name__}", "return a statpipe.api.Vintage")
    if not isinstance(found.released, date):
        broken(
            f"the vintage's `released` is {found.released!r}",
            "give a datetime.date: date.fromisoformat(...) reads 2024-03-01",
        )
    return found


def fetch(source: Source, dataset: Dataset, vintage: Vintage) -> list[Payload]:
    """
    Fetch everything, and end the test if that fails, or if payloads are not yielded one by one.
    """
    __tracebackhide__ = True
    with foreseen(f"fetch({dataset.name})", "let the local agency answer what fetch() asks"):
        coming = source.fetch(dataset, vintage)
        if not isinstance(coming, Iterator):
            broken(
                f"fetch returned {type(coming).__name__}, so everything is downloaded before the "
                "first payload is kept",
                "write fetch() with `yield Payload(...)`",
            )
        return list(coming)


def run_once(make_source: Callable[[], Source]) -> list[Payload]:
    """
    Do what a run does: probe and fetch everything; return the payloads.
    """
    source = make_source()
    try:
        with quick(
            source, most=sys.maxsize
        ):  # nothing fails here, so it may send as many requests as it needs
            return [
                payload
                for dataset in source.datasets()
                for payload in list(source.fetch(dataset, source.probe(dataset)))
            ]
    finally:
        source.close()


def raised(work: Callable[[], object]) -> BaseException | None:
    """
    Return what is raised when the work is done, or ``None``.
    """
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever the author's code raises
        return error
    return None


@contextmanager
def quick(source: Source, most: int = MOST_ASKED) -> Iterator[list[float]]:
    """
    Let ``time.sleep`` return at once in the author's code, and end a test in which the source sends
    requests without end.
    """
    modules = list(Author(source).modules())
    with patient(most) as once_more, quick_sleep(modules, once_more) as slept:
        yield slept
