"""Five lines of configuration make a second flow of the same agency, beside the first."""

import json

CONFIGURATION = """
[sources.coast]
use = "bea_pce_state"
tables = ["SAPCE1"]
areas = ["CA", "OR", "WA"]
gold = "coast"
"""


def test_an_instance_is_planned_run_shown_and_explained_under_its_name(home):
    home.configure(CONFIGURATION.replace('gold = "coast"', 'gold = "coastal"'))
    done = home.run("run", "coast")
    assert "of=coast" in done.stderr
    assert (home.lake / "silver" / "coast").is_dir()
    figures = json.loads(home.run("show", "coastal", "--period", "2021", "--json").stdout)
    assert {row["ref_area"] for row in figures} == {"CA", "OR", "WA"}
    ranks = home.query("SELECT count(*) AS n FROM gold.coastal_rank WHERE year = 2021")
    assert ranks[0]["n"] == 3 * 24
    assert "unchanged" in home.run("run", "coast").stderr
    assert "coast" in home.run("plan", "coast").stdout
    listed = json.loads(home.run("plugins", "list", "--json").stdout)
    (own,) = [row for row in listed if (row["role"], row["name"]) == ("source", "coast")]
    assert own["summary"] == "uses bea_pce_state"
    cell = ("--area", "CA", "--category", "SAPCE1:1", "--period", "2021")
    assert "bronze/coast/" in home.run("explain", "coastal", *cell).stdout
    (seen,) = [
        row
        for row in json.loads(home.run("doctor", "--json", code=None).stdout)
        if row["subject"] == "coast"
    ]
    assert "bundled sample" in seen["finding"].lower()


def test_a_family_with_the_name_of_its_source_is_refused_in_a_line(home):
    home.configure(CONFIGURATION)
    done = home.run("run", "coast", code=2)
    assert "sources.coast.gold is 'coast', which is also the name of a source" in done.stderr
