"""Text that a plugin could not decode or encode is the payload's fault, and says where."""

import json

import pyarrow as pa
import pytest

from statpipe.api import ContentError, Normalizer, Payload
from statpipe.engine.stages.task import Task, normalize
from support.observations import PLAIN


class Naive(Normalizer):
    """Decodes and builds its table as most plugins do."""

    def normalize(self, dataset, payloads):
        rows = [json.loads(payload.body.decode()) for payload in payloads]
        return pa.Table.from_pylist(rows)


def sealed(*bodies):
    payloads = [Payload(name=f"p{n}", body=body) for n, body in enumerate(bodies)]
    told = {"source": "x", "dataset": PLAIN, "vintage": "v", "code": "c", "bronze": ()}
    return normalize(Task(normalizer=Naive(), **told), payloads)


def body(note):
    key = {"ref_area": "CA", "category": "1", "time_period": "2020", "obs_value": "1"}
    return json.dumps(key | {"notes": note}, ensure_ascii="\ud800" in note).encode()


def test_bytes_in_another_encoding_are_refused_with_payload_and_position():
    odd = body("Espa\u00f1a").decode().encode("latin-1")
    with pytest.raises(ContentError) as caught:
        sealed(body("x"), odd)
    place = odd.index(0xF1)
    assert str(caught.value).startswith(
        f"payload p1, byte {place}: 0xf1 is not valid utf-8; expected"
    )
    assert caught.value.payload.body == odd


def test_half_a_character_is_refused_with_its_context():
    with pytest.raises(ContentError) as caught:
        sealed(body("half \ud800 of it"))
    assert "dataset T: a payload contains half a character" in str(caught.value)
    assert r"'half \ud800 of it'" in str(caught.value)


def test_a_nul_is_removed_by_the_gate():
    table = sealed(body("a\0b")).table
    assert table["notes"].to_pylist() == ["ab"]
