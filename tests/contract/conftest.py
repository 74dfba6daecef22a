"""Tells what the contract of sources says of a source of the office of rain."""

import itertools
import json
from datetime import date

import pytest

from contract.caught import failures
from contract.rain import ANSWERS, STATIONS, RainNormalizer, Settings
from statpipe.api import Secret
from statpipe.testing import CANARY, LocalAgency, SourceContract


class RainContract(SourceContract):
    serves_everything = True


@pytest.fixture
def said_of(caplog, capsys):
    with LocalAgency() as agency:
        for station, document in ANSWERS.items():
            agency.answer(f"/rain/{station}", json.dumps(document))

        notes = itertools.count(2)

        def revise():
            news = {"date": "2024-03-01", "note": str(next(notes))}
            agency.answer("/released", json.dumps(news))

        quietly = itertools.count(1)

        def revise_quietly():
            number = next(quietly)
            for place, station in enumerate(STATIONS):
                changed = json.loads(json.dumps(ANSWERS[station]))
                if number % 2 == place:
                    changed["records"][0]["value"] = f"{number}.5"
                agency.answer(f"/rain/{station}", json.dumps(changed))

        def ask(kind, only=None):
            agency.answer("/released", b'{"date": "2024-03-01", "note": "March report"}')
            make = lambda: kind(Settings(agency.url, Secret(CANARY)))  # noqa: E731
            return failures(
                RainContract,
                only,
                make_source=make,
                source=make,
                agency=agency,
                canary=CANARY,
                normalizer=RainNormalizer(),
                keyless=None,
                refusals={},
                released=date(2024, 3, 1),
                revise=revise,
                revise_quietly=revise_quietly,
                caplog=caplog,
                capsys=capsys,
            )

        yield ask
