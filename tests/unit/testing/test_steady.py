"""What differs from process to process is found in the code of a source."""

import re

import pytest

from contract.rain import RainSource
from statpipe.testing import SourceContract
from statpipe.testing.source_contract.steady import unsteady

FOUND = {
    "for one in {'N', 'S'}: ask(one)": "a set has another order",
    "for one in set(names): ask(one)": "a set has another order",
    "PARTS = frozenset(names)\nfor one in PARTS: ask(one)": "a set has another order",
    "for n, one in enumerate({a for a in names}): ask(one)": "a set has another order",
    "asked = [ask(one) for one in {'N', 'S'}]": "a set has another order",
    "text = ','.join({'N', 'S'})": "a set has another order",
    "def fetch(self):\n    yield from set(self.parts)": "a set has another order",
    "token = str(hash(text))": "hash() of a text",
    "ask(url, verify=False)": "verify=False lets anybody",
    "context.verify_mode = ssl.CERT_NONE": "CERT_NONE lets anybody",
}
FINE = [
    "for one in sorted({'N', 'S'}): ask(one)",
    "for one in ('N', 'S'): ask(one)",
    "known = set(names)\nif one in known: ask(one)",
    "codes = {code for code in set(names)}",
    "if any(one in text for one in {'N', 'S'}): ask(text)",
    "token = sha256(text).hexdigest()",
    "ask(url, verify=context)",
]


@pytest.mark.parametrize("code", FOUND)
def test_what_is_unsteady_is_found_with_its_line(code):
    ((line, what),) = unsteady(code)
    assert what.startswith(FOUND[code])
    assert line == code.count("\n") + 1


@pytest.mark.parametrize("code", FINE)
def test_what_is_steady_is_not(code):
    assert list(unsteady(code)) == []


STATIONS = ("N", "S")


class OrderOfASet(RainSource):
    def fetch(self, dataset, vintage):
        for station in frozenset(STATIONS):
            yield self.payload(station, self.get(f"/rain/{station}"))


def test_the_contract_names_file_and_line():
    with pytest.raises(pytest.fail.Exception) as failed:
        SourceContract().test_nothing_depends_on_the_hashes_of_one_process(
            lambda: OrderOfASet(None)
        )
    assert re.search(r"test_steady.py, line \d+: a set has another order", str(failed.value))


def test_a_source_without_sets_passes():
    SourceContract().test_nothing_depends_on_the_hashes_of_one_process(lambda: RainSource(None))
