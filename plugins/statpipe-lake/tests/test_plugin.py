"""The plugin offers the lake, and offering it costs next to nothing."""

import subprocess
import sys
from importlib.metadata import entry_points

from statpipe.api import Environment, Lake, Layer
from statpipe_lake import plugin
from statpipe_lake.settings import LakeSettings


def test_the_plugin_is_found_through_its_entry_point():
    (found,) = [e for e in entry_points(group="statpipe") if e.name == "lake"]
    assert found.load() is plugin


def test_the_plugin_offers_one_sink_that_is_a_lake_of_all_layers(tmp_path):
    (offer,) = plugin.statpipe_sinks()
    assert (offer.name, offer.settings) == ("lake", LakeSettings)
    environment = Environment(name="local", home=tmp_path)
    lake = offer.factory(LakeSettings(environment=environment))
    assert isinstance(lake, Lake)
    assert lake.layers == frozenset(Layer)


def test_importing_the_plugin_loads_neither_pyarrow_nor_obstore():
    code = "import statpipe_lake.plugin, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pyarrow", "obstore", "isal"} & set(done.stdout.split())


def test_a_run_without_news_does_not_load_pyarrow(tmp_path):
    """Asking for fingerprints, manifests and the lock is all that such a run does."""
    code = """
import sys
from pathlib import Path
from statpipe.api import Environment, Layer, PartitionKey
from statpipe_lake.plugin import make_lake
from statpipe_lake.settings import LakeSettings
lake = make_lake(LakeSettings(environment=Environment(name="local", home=Path(sys.argv[1]))))
with lake.lock("agency", 0, lambda: "1"):
    lake.run_ids("agency")
    lake.fingerprint(PartitionKey(layer=Layer.GOLD, owner="m"))
assert "pyarrow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
