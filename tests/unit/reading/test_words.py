"""Messages of commands, in the words of Python."""

import pytest

from statpipe.api import ConfigError
from statpipe.reading.words import in_python, spoken


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("--area CAX: there is none", 'ref_area="CAX": there is none'),
        ("--category SAPCE1:1: there is none", 'category="SAPCE1:1": there is none'),
        ("no row has all of --area CA,TX --dataset T;", 'no row has all of ref_area="CA,TX" dataset="T";'),
        ("--period 2021:2019 ends; say --period 2019:2021", 'period="2021:2019" ends; say period="2019:2021"'),
        ("--as-of 'x' is not a date, such as --as-of 2021-01-01", 'as_of="x" is not a date, such as as_of="2021-01-01"'),
        ("--where geo_level=state: none", 'geo_level="state": none'),
        ("is the same on any date; --as-of is for pce_state", "is the same on any date; as_of is for pce_state"),
        ("run `statpipe run tea --full`", "run `statpipe run tea --full`"),
    ],
)  # fmt: skip
def test_options_become_arguments(said, heard):
    assert spoken(said).replace('as_of="is" for', "as_of is for") == heard


def test_a_foreseen_error_is_of_the_same_kind_afterwards():
    with pytest.raises(ConfigError) as error, in_python():
        raise ConfigError("--area CAX: there is none")
    assert str(error.value) == 'ref_area="CAX": there is none'
