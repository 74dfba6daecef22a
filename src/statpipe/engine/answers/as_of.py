"""A Gold model's table: the latest, or as of a date."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache, partial
from typing import TYPE_CHECKING

from statpipe.api import ConfigError, ContentError, Lake, Model
from statpipe.domain.model import can_take_date
from statpipe.domain.period import FOREVER
from statpipe.engine.answers.rows import NoRows, chosen_rows, exact_texts
from statpipe.engine.answers.words import OPTIONS, Words
from statpipe.engine.gold.maker import gold_key, opened_gold
from statpipe.engine.record.records import held_of
from statpipe.engine.site.model_order import sources_of

if TYPE_CHECKING:
    import pyarrow as pa

_ENDS_OF_TIME = {"infinity": FOREVER, "-infinity": date.min}


def day_of(text: str, words: Words = OPTIONS) -> date:
    """
    Read a date that a person typed; messages use these *words*. ``infinity`` and ``-infinity`` are
    accepted as in PostgreSQL.

    :raises ConfigError: It is not a date.
    """
    if text in _ENDS_OF_TIME:
        return _ENDS_OF_TIME[text]
    try:
        return date.fromisoformat(text)
    except ValueError:
        given = f"{words.as_of}{'=' if words.python else ' '}{text!r}"
        example = words.day("2021-01-01")
        msg = f"{given} is not a date; write year-month-day, such as {example}"
        raise ConfigError(msg) from None


def rows_as_of(
    lake: Lake,
    models: Sequence[Model],
    model: Model,
    day: date,
    wanted: Mapping[str, Sequence[str]],
    *,
    words: Words = OPTIONS,
) -> pa.Table:
    """
    Return the chosen rows of a model as of a date.

    :raises ConfigError: As :func:`table_as_of` and :func:`~statpipe.engine.answers.rows.chosen_rows` raise it.
    :raises NoRows: No rows match; the message says whether the date is the reason, and when there
    were rows.
    """

    def on(one: date) -> pa.Table:
        return chosen_rows(table_as_of(lake, models, model, one, words), model, wanted, words)

    def there(one: date) -> bool:
        try:
            return len(on(one)) > 0
        except NoRows:
            return False

    try:
        rows = on(day)
    except NoRows:
        # If the day is not the reason, this raises the true one.
        now = latest_rows(lake, models, model, wanted, words)
    else:
        now = rows if len(rows) else latest_table(lake, models, model)
        if len(rows) or not len(now):
            return rows
    what = f" with {words.choices(wanted)}" if wanted else ""
    releases = sorted(
        {held.released for name in sources_of(models, model) for held in held_of(lake, name)}
    )
    later = [one for one in releases if one > day]
    place = bisect_left(later, True, key=there)
    first = (
        f"; the first release with such a figure is from {later[place]}" if later[place:] else ""
    )
    if later[place:] and later == releases and place == 0:
        first = f"; the first release in the lake is from {later[0]}"
    say = f"; use {words.day(later[place])} or later" if later[place:] else ""
    msg = f"{words.day(day)}{what}: {model.name} had no such row on that date{first}{say}"
    raise NoRows(msg)


def latest_rows(
    lake: Lake,
    models: Sequence[Model],
    model: Model,
    wanted: Mapping[str, Sequence[str]],
    words: Words = OPTIONS,
) -> pa.Table:
    """
    Return the chosen rows of a model in the lake.

    :raises ConfigError: As :func:`~statpipe.engine.answers.rows.chosen_rows` raises it.
    :raises ContentError: The model was not built yet, or is damaged.
    """
    texts = exact_texts(wanted)
    if texts:
        with suppress(NoRows):  # only the whole table has all existing values
            return chosen_rows(latest_table(lake, models, model, texts), model, wanted, words)
    return chosen_rows(latest_table(lake, models, model), model, wanted, words)


def latest_table(
    lake: Lake,
    models: Sequence[Model],
    model: Model,
    texts: Mapping[str, Collection[str]] | None = None,
) -> pa.Table:
    """
    Read a model from the lake. With *texts*, read at least the rows with one of the texts in each
    of these columns.

    :raises ContentError: The model was not built yet, or is damaged.
    """
    key = gold_key(model)
    try:
        return lake.read_rows(key, texts) if texts else lake.read(key)
    except ContentError:
        if lake.fingerprint(key) is not None:
            raise
    commands = " and ".join(f"`statpipe run {name}`" for name in sources_of(models, model))
    raise ContentError(f"the lake has no {key.path}; run {commands} to build it")


def table_as_of(
    lake: Lake, models: Sequence[Model], model: Model, day: date, words: Words = OPTIONS
) -> pa.Table:
    """
    Compute a model and its inputs as of a date.

    :raises ConfigError: Neither the model nor anything that it reads can take a date.
    :raises ContentError: The lake holds nothing of its source.
    """
    if not can_take_date(models, model):
        those = ", ".join(one.name for one in models if can_take_date(models, one))
        msg = (
            f"model {model.name} does not depend on a date; {words.as_of} works for "
            f"{those or 'none'}"
        )
        raise ConfigError(msg)
    # SQL with a date has another fingerprint, so it is computed; all else is read from the lake.
    then = [one.at(day) for one in models]
    held = cache(partial(held_of, lake))  # all models use the same manifest
    with opened_gold(lake, then, held) as gold:
        return gold.partition(next(one for one in then if one.name == model.name)).table
