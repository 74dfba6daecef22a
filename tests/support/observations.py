"""Small tables of observations, and ways in which Arrow may hold them."""

import pyarrow as pa
from hypothesis import strategies as st

from statpipe.domain.dataset import Area, Category, Dataset
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.seal import seal

PLAIN = Dataset(name="T", title="t", normalizer="n")


CODED = Dataset(
    name="T",
    title="t",
    normalizer="n",
    areas=(Area(code="CA", name="California", level="state", geo_fips="06000", parent="US"),),
    categories=(
        Category(code="T:1", name="All", unit_measure="Dollars", unit_mult=6),
        Category(code="T:2", name="Less: some", unit_measure="Dollars", parent="T:1", sign=-1),
    ),
)


def row(area="CA", category="T:1", period="2020", value="1.5", **more):
    return {
        "ref_area": area,
        "category": category,
        "time_period": period,
        "obs_value": value,
        **more,
    }


def sealed(*rows, dataset=PLAIN, vintage="2020-01-01"):
    return seal(observations_from_rows(rows), dataset, vintage)


cells = st.dictionaries(
    st.tuples(
        st.sampled_from(["AL", "CA"]),
        st.sampled_from(["T:1", "T:2", "T:10"]),
        st.sampled_from(["2019", "2020"]),
    ),
    st.one_of(st.none(), st.decimals(-999, 999, places=2)),
    min_size=1,
)


def rows_of(table):
    return [
        row(*key, None if value is None else str(value), obs_status="O" if value is None else "A")
        for key, value in table.items()
    ]


def as_drawn(draw, texts):
    """The same texts in another of Arrow's encodings."""
    kind = draw(st.sampled_from(["plain", "large", "coded", "small codes", "odd dictionary"]))
    plain = pa.array(texts, pa.string())
    if kind == "plain":
        return plain
    if kind == "large":
        return plain.cast(pa.large_string())
    if kind == "coded":
        return plain.dictionary_encode()
    extra = ["Moon"] if kind == "odd dictionary" else []
    values = draw(st.permutations(sorted({t for t in texts if t is not None}) + extra))
    if kind == "odd dictionary":
        values = values + values[:1]  # a value that occurs twice
    places = [None if t is None else len(values) - 1 - values[::-1].index(t) for t in texts]
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int8()), pa.array(values))


@st.composite
def encodings(draw):
    """Rows, and a table of them in any order, chunks, slices and dictionaries."""
    rows = rows_of(draw(cells))
    shuffled = draw(st.permutations(rows))
    cut = draw(st.integers(0, len(rows)))
    parts = []
    for part in (shuffled[:cut], shuffled[cut:]):
        # Rows that are sliced off again: what lies before a slice must not count either.
        padded = [row("CA", "T:1", "2018", obs_status="A")] * draw(st.integers(0, 2)) + part
        if padded:
            texts = ("ref_area", "category", "time_period", "obs_status")
            arrays = {name: as_drawn(draw, [each[name] for each in padded]) for name in texts}
            figures = [each["obs_value"] for each in padded]
            arrays["obs_value"] = pa.array(figures, pa.string()).cast(pa.decimal128(20, 4))
            arrays["decimals"] = pa.array([None if f is None else 2 for f in figures], pa.int8())
            parts.append(pa.table(arrays).slice(len(padded) - len(part)))
    return rows, parts
