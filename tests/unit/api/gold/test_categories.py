"""Categories and areas: their places in the tree, and their descriptions."""

import pytest

from support.gold_figures import JUNE, MAY, family, figure, published, relations, rows_of


def tree(*categories):
    """Code, name and parent of each category -> its place in the hierarchy."""
    rows = [
        figure("1", category=code, category_name=name, parent_category=parent)
        for code, name, parent in categories
    ]
    vintage = published(MAY, *rows)
    assert len(rows_of("tea", vintage)) == len(rows)
    return {
        row["category"]: (row["category_depth"], row["top_category"], row["category_path"])
        for row in rows_of("tea_category", vintage)
    }


def test_a_category_has_its_depth_its_top_and_its_path():
    assert tree(
        ("T:3", "Green", "T:2"), ("T:1", "Drinks", None), ("T:2", "Tea", "T:1"), ("T:9", "Food", None)
    ) == {
        "T:1": (0, "T:1", "Drinks"),
        "T:2": (1, "T:1", "Drinks > Tea"),
        "T:3": (2, "T:1", "Drinks > Tea > Green"),
        "T:9": (0, "T:9", "Food"),
    }  # fmt: skip


def test_a_category_whose_parent_is_not_published_is_at_the_top():
    assert tree(("T:2", "Tea", "T:1")) == {"T:2": (0, "T:2", "Tea")}


@pytest.mark.parametrize(
    "circle",
    [
        [("T:1", "One", "T:1")],
        [("T:1", "One", "T:2"), ("T:2", "Two", "T:1")],
        [("T:1", "One", "T:3"), ("T:2", "Two", "T:1"), ("T:3", "Three", "T:2")],
    ],
    ids=["its own parent", "its own grandparent", "its own great-grandparent"],
)
def test_no_figure_is_lost_if_categories_form_a_cycle(circle):
    below = ("T:9", "Below", "T:1")
    found = tree(*circle, below, ("U:1", "All", None), ("U:2", "Part", "U:1"))
    assert found == {
        **{code: (0, code, name) for code, name, _ in (*circle, below)},
        "U:1": (0, "U:1", "All"),
        "U:2": (1, "U:1", "All > Part"),
    }


def test_a_category_of_two_datasets_has_a_row_for_each():
    def one(dataset, *categories):
        rows = [
            figure("1", category=code, category_name=name, parent_category=parent)
            for code, name, parent in categories
        ]
        return [published(MAY, *rows, dataset=dataset)]

    parts = (("2", "Leaf", "1"), ("3", "Dust", "2"))
    connection = relations(family(), one("black", ("1", "All", None), *parts), one("green", *parts))
    assert connection.sql(
        "SELECT dataset, top_category, category_path FROM tea WHERE category = '3' ORDER BY dataset"
    ).fetchall() == [("black", "1", "All > Leaf > Dust"), ("green", "2", "Leaf > Dust")]


def test_descriptions_of_categories_and_areas_come_from_their_latest_figures():
    named = [
        {"geo_name": name, "category_name": name, "sign": sign, "parent_category": parent}
        for name, sign, parent in (("Aden", 1, "T:0"), ("Mocha", -1, None))
    ]
    vintages = [published(MAY, figure("1", **named[0])), published(JUNE, figure("2", **named[1]))]
    (category,) = rows_of("tea_category", *vintages)
    assert (category["category_name"], category["sign"]) == ("Mocha", -1)
    assert category["parent_category"] is None
    (area,) = rows_of("tea_area", *vintages)
    assert area["area_name"] == "Mocha"


def test_a_discontinued_code_keeps_its_last_description():
    vintages = [published(MAY, figure("1", geo_name="Bombay")), published(JUNE)]
    assert [row["area_name"] for row in rows_of("tea_area", *vintages)] == ["Bombay"]
    assert [row["value"] for row in rows_of("tea_first_release", *vintages)] == [1]


def test_an_area_with_two_descriptions_always_gets_the_same_one():
    levels = ("city", "port")
    one = [figure("1", str(2000 + n), geo_level=levels[n % 2]) for n in range(20)]
    other = [figure("1", str(2000 + n), geo_level=levels[(n + 1) % 2]) for n in range(20)]
    for rows in (one, other):
        assert [row["geo_level"] for row in rows_of("tea_area", published(MAY, *rows))] == ["city"]


def test_a_category_with_two_descriptions_always_gets_the_same_one():
    ways = [{"parent_category": "T:0", "sign": -1}, {"parent_category": "T:0", "sign": 1}]
    ways += [{"parent_category": None, "sign": -1}]
    for turn in range(3):
        rows = [figure("1", str(2000 + n), **ways[(n + turn) % 3]) for n in range(21)]
        (row,) = rows_of("tea_category", published(MAY, *rows))
        assert (row["parent_category"], row["sign"]) == ("T:0", -1)
