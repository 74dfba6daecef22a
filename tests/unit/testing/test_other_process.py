"""The same work in another process sees another day, and loads what is compiled under the usual clock."""

import subprocess
import sys

MODULE = """
from datetime import date

from statpipe.api import Normalizer, observations_from_rows

DAY = date.today()


class OfTheImport(Normalizer):
    def normalize(self, dataset, payloads):
        row = {"ref_area": "A", "category": "c", "time_period": "2023", "obs_value": "1"}
        return observations_from_rows([row | self.more()])

    def more(self):
        return {"notes": str(DAY)}


class Lazy(OfTheImport):
    def more(self):
        import compiled
        return {}
"""
COMPILED = """
import datetime

# A compiled module takes the class for the one that it was built with; another makes the process crash.
assert type(datetime.datetime) is type, "loaded under another clock"
"""
ASK = """
from statpipe.api import Dataset
from statpipe.testing.other_process import normalized_elsewhere, sealed_hash
from dates_of_a_test import Lazy, OfTheImport

dataset = Dataset(name="T", title="T", normalizer="n")
for one in (OfTheImport(), Lazy()):
    here = sealed_hash(one.normalize(dataset, []), dataset)
    print({(there.hashed == here, there.problem) for there in normalized_elsewhere(one, dataset, [])})
"""


def test_another_process_has_another_day_and_an_unchanged_clock_for_compiled_code(tmp_path):
    (tmp_path / "dates_of_a_test.py").write_text(MODULE)
    (tmp_path / "compiled.py").write_text(COMPILED)
    done = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stdout.splitlines() == ["{(False, '')}", "{(True, '')}"], done.stderr
