"""The Gold models that every source can have: history, latest figures, revisions, derivatives.

Each is a declaration here and one SQL file beside it. In the files ``${base}`` stands for the name of
the family, ``${source}`` for the source's.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from string import Template

from attrs import frozen

from statpipe.api.component import Instance
from statpipe.api.gold.columns import standard
from statpipe.api.gold.periods import STEPS, Step, period_end
from statpipe.domain.model import Column, Model
from statpipe.domain.period import refuse_unknown_frequencies

_KEY = ("ref_area", "category", "time_period", "dataset", "freq")
_LARGEST = f"CAST('{'9' * 20}.{'9' * 18}' AS DECIMAL(38, 18))"
_IS_USUAL = "abs(value) < CAST('1e19' AS DECIMAL(38, 18))"


def gold_models(*, name: str, source: str, title: str, freq: str) -> list[Model]:
    """
    Return the standard models of a source, whose names begin with *name*.

    Tables: ``_history`` (every figure with the dates during which it was current), ``_category``
    and ``_area``. Views over them: the latest figures under *name* itself, ``_first_release``,
    ``_revisions``, and the derivatives that *freq* (SDMX CL_FREQ, or several such as ``"MQ"``)
    allows: ``_yoy``, the change over the year, and the change over the previous period: ``_hoh``
    for half-years, ``_tot`` for thirds, ``_qoq``, ``_mom``, ``_wow`` for weeks, ``_dod`` for days
    and business days; ``_rolling`` for annual figures. Date-times have no change. The dimensions of
    the source are columns of the categories and of the latest figures.

    :raises ValueError: *freq* is not known.
    """
    refuse_unknown_frequencies(f"Gold models {name}", freq)
    family = _Family(name=name, source=source, title=title, freq=freq)
    derived = [family.change(step) for step in STEPS if set(step.frequencies) & set(freq)]
    if "A" in freq:
        derived.append(family.rolling())
    return [
        family.category(),
        family.area(),
        family.history(),
        family.latest(),
        family.first_release(),
        family.revisions(),
        *derived,
    ]


def gold_families(
    *, name: str, source: str, title: str, freq: str, instances: Sequence[Instance] = ()
) -> list[Model]:
    """
    Return the standard models of a source, and those of each source that the configuration makes of it.

    *instances* is the argument of the hook ``statpipe_models``; those with ``use = "SOURCE"``
    count.
    """
    ours = [(one.gold, one.name) for one in instances if one.component == source]
    return [
        model
        for family, of in [(name, source), *ours]
        for model in gold_models(name=family, source=of, title=title, freq=freq)
    ]


@frozen(kw_only=True)
class _Family:
    name: str
    source: str
    title: str
    freq: str

    def history(self) -> Model:
        return Model(
            name=f"{self.name}_history",
            title=f"{self.title}: every figure with the dates during which it was current",
            inputs=(self.source,),
            grain=(*_KEY, "vintage"),
            columns=standard(
                "ref_area category time_period dataset freq period_start year realtime_start realtime_end value decimals unit unit_mult obs_status "
                "source_symbol notes vintage basis seen_before",
            ),
            sql=self._sql("history"),
            # Beside the key, which answers for one area over time: one period across areas.
            indexes=(("year", "category"),),
            measure="value",
            settled="realtime_end",
        )

    def category(self) -> Model:
        return Model(
            name=f"{self.name}_category",
            title=f"{self.title}: categories and their hierarchy",
            inputs=(self.source,),
            grain=("category", "dataset"),
            columns=standard(
                "category dataset category_name parent_category sign top_category category_depth "
                "category_path"
            ),
            sql=self._sql("category"),
            standing=True,
        )

    def area(self) -> Model:
        return Model(
            name=f"{self.name}_area",
            title=f"{self.title}: areas",
            inputs=(self.source,),
            grain=("ref_area",),
            columns=standard("ref_area area_name geo_level geo_fips state_fips iso_3166"),
            sql=self._sql("area"),
            standing=True,
        )

    def latest(self) -> Model:
        return self._view(
            "",
            "latest figures",
            "latest",
            _columns(
                "area_name geo_level geo_fips state_fips iso_3166 freq period_start period_end year category_name "
                "parent_category top_category sign category_depth category_path value decimals value_float unit "
                "unit_mult obs_status source_symbol notes vintage realtime_start basis seen_before"
            ),
            inputs=("history", "category", "area"),
            measure="value",
            standing=True,
        )

    def first_release(self) -> Model:
        return self._view(
            "_first_release",
            "figures as first published",
            "first_release",
            _columns(
                "area_name category_name freq period_start period_end year value decimals unit unit_mult "
                "obs_status source_symbol notes vintage realtime_start basis seen_before"
            ),
            inputs=("history", "category", "area"),
            measure="value",
            settled="realtime_start",
        )

    def revisions(self) -> Model:
        return self._view(
            "_revisions",
            "every change of a published figure",
            "revisions",
            _columns(
                "area_name category_name freq period_start year old_value new_value difference "
                "percent old_unit new_unit old_status new_status old_symbol new_symbol old_vintage "
                "new_vintage revised_on"
            ),
            inputs=("history", "category", "area"),
            grain=(*_KEY, "new_vintage"),
            measure="percent",
            settled="revised_on",
            difference_fits=_difference_fits("value", "old_value"),
        )

    def change(self, step: Step) -> Model:
        return self._view(
            f"_{step.suffix}",
            f"{step.words} change",
            "change",
            _columns(
                "area_name geo_level category_name freq period_start year value previous_value "
                "change percent_change reason unit unit_mult vintage"
            ),
            inputs=("",),
            measure="percent_change",
            difference_fits=_difference_fits("now.value", "before.value"),
            before=step.before,
            impossible=step.impossible(self.freq),
            counterpart=step.counterpart(self.freq),
            frequencies=step.condition,
        )

    def rolling(self) -> Model:
        return self._view(
            "_rolling",
            "means and compound growth over three and five years",
            "rolling",
            _columns(
                "area_name geo_level category_name year value mean_3y mean_5y growth_3y growth_5y "
                "figures_3y figures_5y unit unit_mult vintage"
            ),
            inputs=("",),
            grain=_KEY[:-1],  # annual figures alone
            measure="mean_3y",
            is_usual=_IS_USUAL,
        )

    def _view(
        self,
        suffix: str,
        words: str,
        file: str,
        columns: tuple[Column, ...],
        *,
        inputs: tuple[str, ...],
        measure: str,
        grain: tuple[str, ...] = (),
        settled: str | None = None,
        standing: bool = False,
        **variables: str,
    ) -> Model:
        return Model(
            name=f"{self.name}{suffix}",
            title=f"{self.title}: {words}",
            inputs=tuple(f"{self.name}_{one}" if one else self.name for one in inputs),
            grain=grain or _KEY,
            columns=columns,
            sql=self._sql(file, **variables),
            materialized="view",
            measure=measure,
            settled=settled,
            standing=standing,
        )

    def _sql(self, file: str, **variables: str) -> str:
        text = (files(__package__) / f"{file}.sql").read_text(encoding="utf-8")
        return Template(text).substitute(
            base=self.name,
            source=self.source,
            period_end=period_end("history" if file == "latest" else ""),
            **variables,
        )


def _columns(names: str) -> tuple[Column, ...]:
    return standard(f"ref_area time_period category dataset {names}")


def _difference_fits(one: str, other: str) -> str:
    """Ask whether the difference fits a decimal, since DuckDB fails if it does not."""
    return f"(({one} < 0) = ({other} < 0) OR abs({one}) <= {_LARGEST} - abs({other}))"
