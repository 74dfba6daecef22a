"""The page of the Gold models is what their declarations say."""

import importlib.util
import re
import sys
from pathlib import Path

import attrs
import pytest

from statpipe.api import Column, Model
from statpipe.engine.site.offers import Broken
from statpipe.engine.site.registry import Registry

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "models.md"


def load_script():
    path = ROOT / "scripts" / "make_model_reference.py"
    spec = importlib.util.spec_from_file_location("make_model_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()

PLAIN = Model(
    name="tea",
    title="Prices of tea",
    inputs=("tea_prices",),
    grain=("port",),
    columns=(
        Column(name="port", type="text", description="Port: London | Calcutta", nullable=False),
        Column(name="price", type="decimal", description="Price", unit="Pounds"),
    ),
    sql="SELECT port, price FROM tea_prices WHERE :as_of < realtime_end\n",
    indexes=(("price", "port"),),
)


def section(page, name):
    """What the page says of one model."""
    (found,) = re.findall(rf"^## {name}\n(.*?)</details>", page, re.DOTALL | re.MULTILINE)
    return found


def test_the_page_is_what_make_reference_writes():
    wanted = script.reference(script.own_models())
    assert PAGE.read_text(encoding="utf-8") == wanted, "run `make reference`"


def test_every_model_of_our_plugins_is_listed_with_columns_and_sql():
    page = PAGE.read_text(encoding="utf-8")
    ours = [
        offer.item
        for offer in Registry.installed().offers
        if offer.role == "model" and (ROOT / "plugins" / offer.distribution).is_dir()
    ]
    assert len(ours) > 5
    for model in ours:
        text = section(page, model.name)
        assert model.title in text
        assert model.sql.strip() in text
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.MULTILINE)
        assert rows == [(column.name, column.type) for column in model.columns]
        assert (f"{model.name}_as_of(date)" in text) == (":as_of" in model.sql)


def test_a_model_shows_its_kind_grain_inputs_and_indexes():
    page = script.reference([PLAIN])
    text = section(page, "tea")
    assert text.startswith("\nPrices of tea.\n\n- Kind: table\n- Grain: `port`\n")
    assert "- Reads: `tea_prices`\n- Further index: `price`, `port`\n" in text
    assert "- In the lake: `gold/tea/part-0.parquet`\n" in text
    assert r"| `port` | text |  |  | Port: London \| Calcutta |" in text
    assert "| `price` | decimal | Pounds | yes | Price |" in text
    assert "    tea_prices --> tea\n" in page


def test_only_a_view_has_a_function_that_takes_a_date():
    assert "tea_as_of" not in section(script.reference([PLAIN]), "tea")
    view = attrs.evolve(PLAIN, materialized="view")
    assert "`tea_as_of(date)`" in section(script.reference([view]), "tea")


def test_models_of_foreign_plugins_are_left_out(monkeypatch):
    registry = Registry.installed()
    foreign = attrs.evolve(registry.named("model")["pce_state"], name="tea", item=PLAIN)
    registry.offers.append(attrs.evolve(foreign, distribution="statpipe-tea"))
    monkeypatch.setattr(script.Registry, "installed", lambda: registry)
    names = [model.name for model in script.own_models()]
    assert "tea" not in names
    assert "pce_state" in names


def test_a_broken_plugin_of_ours_is_an_error(monkeypatch):
    registry = Registry()
    registry.broken.append(
        Broken(plugin="bea", distribution="statpipe-bea", version="1", reason="KeyError: 'x'")
    )
    monkeypatch.setattr(script.Registry, "installed", lambda: registry)
    with pytest.raises(SystemExit, match="plugin bea is broken: KeyError: 'x'"):
        script.own_models()


def test_an_outdated_page_is_reported_with_the_command_to_run(monkeypatch, tmp_path):
    page = tmp_path / "docs" / "models.md"
    page.parent.mkdir()
    monkeypatch.setattr(script, "own_models", lambda: [PLAIN])
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setattr(script, "PAGE", page)
    check, write = ["x", "--check"], ["x"]

    monkeypatch.setattr(sys, "argv", check)
    with pytest.raises(SystemExit) as raised:
        script.main()
    assert raised.value.code == "docs/models.md is out of date; run `make reference`"
    assert not page.exists()

    monkeypatch.setattr(sys, "argv", write)
    script.main()
    monkeypatch.setattr(sys, "argv", check)
    script.main()

    page.write_text(page.read_text().replace("London", "Paris"))
    with pytest.raises(SystemExit, match="out of date"):
        script.main()
