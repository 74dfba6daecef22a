"""Search by words in the codes, titles and units of everything in the lake."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from attrs import field, frozen

from statpipe.api import ConfigError, ContentError, Model
from statpipe.engine.answers.words import ARGUMENTS, OPTIONS, Words
from statpipe.engine.gold.maker import gold_key
from statpipe.engine.site.site import Site

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = ("kind", "code", "name", "unit", "model", "dataset")
"""What an answer says of each match."""
_EXACT, _BEGINS, _WITHIN, _LIKE = 1.0, 0.9, 0.6, 0.5
"""How well a word matches: whole word, beginning, middle, or similar spelling."""
_CUTOFF = 0.75
"""Words less similar than this do not match."""
_SHORTEST = 3
"""Shorter words occur within too many others."""

_CATEGORY = ("category", "category_name", "category_path", "unit", "dataset")
_AREA = ("ref_area", "area_name", "geo_level")
"""Columns of code, name, further words, unit and dataset."""


@frozen(kw_only=True)
class Found:
    """
    A match. ``kind`` is model, category or area; ``also`` has further words that match it.
    """

    kind: str
    model: str
    code: str
    name: str
    unit: str = ""
    dataset: str = ""
    also: str = field(default="", repr=False)


def found_table(site: Site, words: Sequence[str]) -> pa.Table:
    """
    Return what :func:`search` finds as a table.
    """
    import pyarrow as pa

    found = [one for _, one in search(site, words, ARGUMENTS)]
    texts = {name: [getattr(one, name) for one in found] for name in SHOWN}
    return pa.table(texts, pa.schema((name, pa.string()) for name in SHOWN))


def search(
    site: Site, words: Sequence[str], spelling: Words = OPTIONS
) -> list[tuple[float, Found]]:
    """
    Return what matches all words, best match first. Misspelt words count if nothing else matches.
    Where a model matches, so do those derived from it, such as its revisions: they are left out.

    :raises ConfigError: There is no word.
    """
    asked = [word for text in words for word in _words(text)]
    if not asked:
        example = 'statpipe.search("food")' if spelling.python else "statpipe search food"
        raise ConfigError(f"search for one or more words, such as `{example}`")
    everything = list(_everything(site))
    known = {word for one in everything for word in _of(one)}
    likeness = {word: _fitting(word, known) for word in asked}
    scored = ((_score(one, likeness), one) for one in everything)
    found = [(score, one) for score, one in scored if score > 0]
    names = {one.model for _, one in found if one.kind == "model"}

    def derived(one: Found) -> bool:
        return one.kind == "model" and any(one.model.startswith(f"{name}_") for name in names)

    kept = [pair for pair in found if not derived(pair[1])]
    return sorted(kept, key=lambda pair: (-pair[0], pair[1].kind, pair[1].model, pair[1].code))


def _everything(site: Site) -> Iterator[Found]:
    models = {one.name: one for one in site.registry.models()}
    for name, model in models.items():
        yield Found(kind="model", model=name, code=name, name=model.title)
        columns = {one.name for one in model.columns}
        # Only the latest figures of a family, because its other models have the same codes.
        if f"{name}_history" in models and {"category_name", "area_name"} <= columns:
            yield from _codes(site, model)


def _codes(site: Site, model: Model) -> Iterator[Found]:
    table = _held(site, model)
    if table is None:
        return
    yield from _distinct(table, "category", model.name, _CATEGORY)
    yield from _distinct(table, "area", model.name, _AREA)


def _distinct(table: pa.Table, kind: str, model: str, columns: Sequence[str]) -> Iterator[Found]:
    """Give each code once; it may have other names in other datasets."""
    rows = table.select(columns).unify_dictionaries().group_by(columns).aggregate([])
    texts = sorted(tuple(text or "" for text in row.values()) for row in rows.to_pylist())
    for code, group in groupby(texts, key=lambda row: row[0]):
        found = list(group)
        _, name, also, *others = found[0]
        unit = others[0] if others else ""
        datasets = " ".join(sorted({one[-1] for one in found})) if others else ""
        yield Found(
            kind=kind, model=model, code=code, name=name, unit=unit, dataset=datasets, also=also
        )


def _held(site: Site, model: Model) -> pa.Table | None:
    key = gold_key(model)
    try:
        if site.lake.fingerprint(key) is None:
            return None
        table = site.lake.read(key)
    except ContentError:  # damaged: the next run rebuilds it
        return None
    return table if {*_CATEGORY, *_AREA} <= {*table.column_names} else None


def _of(one: Found) -> set[str]:
    return {
        *_words(f"{one.code} {one.name} {one.unit} {one.dataset} {one.also}"),
        one.code.casefold(),
    }


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _fitting(word: str, known: Iterable[str]) -> dict[str, float]:
    """Return how well each known word matches the requested one."""
    found = {one: _fit(word, one) for one in known}
    near = {one: score for one, score in found.items() if score}
    if near or len(word) < _SHORTEST:
        return near
    close = difflib.get_close_matches(word, found, n=20, cutoff=_CUTOFF)
    return {one: _LIKE * difflib.SequenceMatcher(None, word, one).ratio() for one in close}


def _fit(word: str, known: str) -> float:
    if word == known:
        return _EXACT
    if known.startswith(word):
        return _BEGINS
    return _WITHIN if len(word) >= _SHORTEST and word in known else 0.0


def _score(one: Found, likeness: Mapping[str, Mapping[str, float]]) -> float:
    """Add up how well each word matches; a match in the name or code counts double, in a short name
    more.
    """
    if not likeness:
        return 0.0
    title = [*_words(one.name), *_words(one.code), one.code.casefold()]
    rest = _words(f"{one.unit} {one.dataset} {one.also}")
    total = 0.0
    for fits in likeness.values():
        best = max(
            max((2 * fits.get(word, 0.0) for word in title), default=0.0),
            max((fits.get(word, 0.0) for word in rest), default=0.0),
        )
        if not best:
            return 0.0
        total += best
    return total / len(likeness) + 1 / (1 + len(title))
