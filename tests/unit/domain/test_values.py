"""The small values: selections, vintages, periods, payloads, secrets, errors, manifests, models."""

import pickle
import traceback
from datetime import UTC, date, datetime

import attrs
import pytest

from statpipe.domain import errors
from statpipe.domain.environment import Environment
from statpipe.domain.manifest import BronzeObject, Held, Manifest, Origin, VintageRecord
from statpipe.domain.model import Column, Model
from statpipe.domain.partition import Layer, PartitionKey, Receipt
from statpipe.domain.payload import Payload
from statpipe.domain.period import period_start
from statpipe.domain.secret import Secret
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.verdict import CheckResult
from statpipe.domain.vintage import Vintage
from statpipe.engine import records


class TestSelection:
    def test_everything_covers_every_selection(self):
        assert EVERYTHING.covers(Selection(areas=["CA"]))
        assert not Selection(areas=["CA"]).covers(EVERYTHING)

    def test_a_selection_covers_its_parts_only(self):
        both = Selection(areas=["CA", "US"], periods=["2020"])
        assert both.covers(Selection(areas=["CA"], periods=["2020"]))
        assert not both.covers(Selection(areas=["CA"]))
        assert not both.covers(Selection(areas=["TX"], periods=["2020"]))

    def test_order_and_repetition_do_not_matter(self):
        assert Selection(areas=["US", "CA", "US"]) == Selection(areas=("CA", "US"))


class TestVintage:
    def test_ids_sort_as_text_in_the_order_of_release(self):
        ids = [
            Vintage(released=date(2022, 10, day), sequence=number).id
            for day, number in ((6, 1), (6, 2), (6, 10), (7, 1))
        ]
        assert ids == ["2022-10-06", "2022-10-06.02", "2022-10-06.10", "2022-10-07"]
        assert ids == sorted(ids)


class TestPeriod:
    @pytest.mark.parametrize(
        ("text", "freq", "start"),
        [
            ("2023", "A", date(2023, 1, 1)),
            ("2023-S2", "S", date(2023, 7, 1)),
            ("2023-Q4", "Q", date(2023, 10, 1)),
            ("2023-05", "M", date(2023, 5, 1)),
        ],
    )
    def test_a_period_starts_on_its_first_day(self, text, freq, start):
        assert period_start(text, freq) == start

    @pytest.mark.parametrize(
        ("text", "freq"),
        [
            ("2023-Q5", "Q"),
            ("2023", "M"),
            ("2023-13", "M"),
            ("23", "A"),
            ("2023 ", "A"),
            ("٢٠٢٣", "A"),
        ],
    )
    def test_anything_else_is_no_period(self, text, freq):
        with pytest.raises(ValueError, match="is no period of frequency"):
            period_start(text, freq)


class TestPayload:
    def test_its_repr_shows_no_byte_of_the_body(self):
        payload = Payload(name="x", body=b"secret figures")
        assert "figures" not in repr(payload)
        assert "14 bytes" in repr(payload)

    @pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a b"])
    def test_a_name_that_is_no_file_name_is_refused(self, name):
        with pytest.raises(ValueError, match="name"):
            Payload(name=name, body=b"")


class TestSecret:
    def test_nothing_but_reveal_shows_it(self):
        secret = Secret("canary")
        shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", f"{[secret]}"]
        with pytest.raises(TypeError, match="Secret") as caught:
            int(secret)
        shown.append("".join(traceback.format_exception(caught.value)))
        assert not [text for text in shown if "canary" in text]
        assert secret.reveal() == "canary"

    def test_it_does_not_leave_its_process(self):
        with pytest.raises(TypeError, match="does not leave its process"):
            pickle.dumps(Secret("canary"))


class TestErrors:
    def test_each_kind_has_its_exit_code(self):
        codes = {
            errors.Rejected: 1,
            errors.ConfigError: 2,
            errors.PluginError: 2,
            errors.ContentError: 4,
            errors.Unavailable: 5,
            errors.Locked: 6,
        }
        for error, code in codes.items():
            assert error.exit_code == code
            assert issubclass(error, errors.StatpipeError)
        assert issubclass(errors.PluginError, errors.ConfigError)

    def test_a_content_error_survives_the_way_from_a_worker_process(self):
        error = errors.ContentError("odd", payload=Payload(name="x", body=b"y"))
        copy = pickle.loads(pickle.dumps(error))
        assert (str(copy), copy.payload.body) == ("odd", b"y")


def test_a_manifest_comes_back_from_json_as_it_was():
    now = datetime(2026, 10, 6, 14, 15, tzinfo=UTC)
    selection = Selection(areas=["CA"], periods=["2020"])
    whole = Manifest(
        run_id="20261006T141502123456Z-3fa9",
        source="s",
        environment="local",
        command="run",
        started=now,
        finished=now,
        outcome="refused",
        exit_code=3,
        message="no",
        notice="sample",
        vintages=(
            VintageRecord(
                dataset="T",
                vintage="2022-10-06",
                note="n",
                outcome="refused",
                selection=selection,
                bronze=(
                    BronzeObject(
                        key="k",
                        name="n",
                        sha256="0",
                        size=1,
                        media_type="text/csv",
                        request={"a": "b"},
                        retrieved=now,
                    ),
                ),
            ),
        ),
        checks=(
            CheckResult(
                check="c",
                dataset="T",
                vintage="2022-10-06",
                severity="error",
                passed=False,
                message="bad",
                failures=2,
                cells=({"ref_area": "CA", "n": 1, "figure": "1.5", "none": None},),
            ),
        ),
        receipts=(Receipt(sink="lake", path="p", fingerprint="f", rows=3, inserted=3),),
        versions={"python": "3.11"},
        holds=(
            Held(
                dataset="T",
                released=date(2022, 10, 6),
                sequence=2,
                note="n",
                token="t",
                selection=selection,
                made_from=(Origin(run_id="r", vintage="2022-10-06"),),
            ),
        ),
    )

    class OneManifest:
        def manifest(self, source, run_id):
            return whole.as_json()

    assert records.manifest_of(OneManifest(), "s", whole.run_id) == whole


def test_a_model_whose_grain_is_no_column_is_refused():
    with pytest.raises(ValueError, match="grain names 'b'"):
        Model(
            name="m",
            title="t",
            inputs=("s",),
            grain=("b",),
            columns=(Column(name="a", type="text", description="d"),),
            sql="",
        )


def test_whatever_is_edited_in_a_model_gives_it_another_version():
    column = Column(name="a", type="text", description="d")
    model = Model(name="m", title="t", inputs=("s",), grain=("a",), columns=(column,), sql="x")
    described = attrs.evolve(column, description="other")
    changed = [attrs.evolve(model, sql="y"), attrs.evolve(model, columns=(described,))]
    assert model.version not in {other.version for other in changed}


def test_a_partition_lies_in_the_folder_of_its_layer_dataset_and_vintage():
    key = PartitionKey(layer=Layer.SILVER, owner="bea", dataset="T", vintage="2022-10-06")
    assert key.path == "silver/bea/dataset=T/vintage=2022-10-06"
    assert PartitionKey(layer=Layer.GOLD, owner="m").path == "gold/m"


def test_an_environment_is_named_as_a_folder_can_be(tmp_path):
    with pytest.raises(ValueError, match="name"):
        Environment(name="../x", home=tmp_path)
