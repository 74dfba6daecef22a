"""Client and normalizer read answers by one reader, and its fast path never disagrees with it."""

import json
from decimal import Decimal

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from statpipe.api import ContentError, Payload, Vintage, http
from statpipe.domain.canonical import content_hash
from statpipe.domain.seal import seal
from statpipe_bea import tables
from statpipe_bea.answers import COLUMNS, Answer, _fast_rows, batches, read_answer, rows_of
from statpipe_bea.api.replies import judged
from statpipe_bea.channels.api import _refuse_other_release
from statpipe_bea.normalizer import RegionalNormalizer
from statpipe_bea.release import released
from statpipe_bea.results import results

from .answers import NOTE, answer, body_of, row

DATASET = tables.dataset("SAPCE1")
DASH = 'Last updated: October 6, 2022\u2014 new statistics for 2021; \U0001f600 "revised".'
ROWS = [
    row(NoteRef="(L)", DataValue="0"),
    row(TimePeriod="2021", DataValue="-1,234.50", NoteRef=" "),
]


def silver_of(body):
    payload = Payload(name="p1", body=body)
    return seal(RegionalNormalizer().normalize(DATASET, [payload]), DATASET, "2022-10-06")


def text_of(note=NOTE, **results):
    return json.dumps(answer(ROWS, note=note, **results), ensure_ascii=False)


def in_lower_case(text):
    for name in [*ROWS[0], "BEAAPI", "Results", "Data", "Notes", "NoteText", "Statistic"]:
        text = text.replace(f'"{name}":', f'"{name.lower()}":')
    return text


def with_notes(change):
    document = answer(ROWS)
    document["BEAAPI"]["Results"]["Notes"] = change(document["BEAAPI"]["Results"]["Notes"])
    return json.dumps(document).encode()


def notes_first():
    document = answer(ROWS)
    found = document["BEAAPI"]["Results"]
    document["BEAAPI"]["Results"] = {"Notes": found.pop("Notes"), **found}
    return document


SHAPES = {
    "compact": body_of(answer(ROWS)),
    "spaced": json.dumps(answer(ROWS), indent=2).encode(),
    "a byte order mark": b"\xef\xbb\xbf" + body_of(answer(ROWS)),
    "keys in lower case": in_lower_case(text_of()).encode(),
    "the keys of one row in lower case": text_of().replace('"NoteRef": "(L)"', '"noteref": "(L)"').encode(),
    "keys in capitals": text_of().replace("DataValue", "DATAVALUE").replace("BEAAPI", "beaApi").encode(),
    "a raw carriage return": text_of().replace("California", "Cali\rfornia").encode(),
    "raw control characters": text_of().replace("California", "\x01\x00\x1b\n").encode(),
    "Windows-1252": text_of().replace("California", "Californía").encode("cp1252"),
    "UTF-16": text_of().replace("California", "Californía").encode("utf-16"),
    "an escaped name": text_of().replace("California", "Californ\\u00eda \\ud83d\\ude00").encode(),
    "half a character in a name": text_of().replace("California", "\\ud83d").encode(),
    "brackets in a name": text_of().replace("California", "[a]},{").encode(),
    "Results in a list": json.dumps(
        {"BEAAPI": {"Results": [answer(ROWS)["BEAAPI"]["Results"]]}}
    ).encode(),
    "notes before the rows": json.dumps(notes_first()).encode(),
    "long notes": with_notes(lambda notes: [*notes, {"NoteRef": "9", "NoteText": "x" * 9000}]),
    "the note first": with_notes(lambda notes: [notes[-1], *notes[:-1], {"NoteRef": " ", "NoteText": "Other."}]),
    "no reference for the note": with_notes(lambda notes: [*notes[:-1], {"NoteText": NOTE}]),
    "blanks around everything": body_of(
        answer([{k: f"\u00a0{v}\u2009\ufeff" if k != "GeoName" else v for k, v in one.items()} for one in ROWS])
    ),
    "a field more": body_of(answer([one | {"Extra": "x"} for one in ROWS])),
    "numbers without quotes": text_of().replace('"UNIT_MULT": "6"', '"UNIT_MULT": 6').encode(),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_client_and_normalizer_read_each_form_the_same_way(shape):
    body = SHAPES[shape]
    told = http.Answer(name="p1", url="", status=200, body=body)
    assert judged(told) is None
    payload = told.payload()
    assert payload.body == body
    assert read_answer(payload).release == NOTE
    cells = {
        r["time_period"]: (r["obs_value"], r["obs_status"], r["source_symbol"], r["notes"])
        for r in silver_of(body).to_pylist()
    }
    assert cells == {
        "2020": (None, "N", "(L)", "Less than $50,000."),
        "2021": (Decimal("-1234.50"), "A", None, None),
    }


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("single", [True, False])
def test_the_release_is_compared_by_its_decoded_note(escaped, single):
    """JSON may write one text in many ways."""
    document = answer(ROWS, note=DASH)
    if single:
        document["BEAAPI"]["Results"]["Notes"] = {"NoteRef": " ", "NoteText": DASH}
    payload = Payload(name="p1", body=json.dumps(document, ensure_ascii=escaped).encode())
    vintage = Vintage(released=released(DASH), note=DASH)
    assert read_answer(payload).release == DASH
    _refuse_other_release(payload, vintage)
    with pytest.raises(Exception, match="BEA released new figures during the download"):
        _refuse_other_release(payload, attrs.evolve(vintage, note=f"{DASH} and more"))


def test_a_note_only_contains_characters_that_sinks_can_store():
    text = "a\0b\ud800c\ufffdd"
    found = read_answer(
        Payload(name="p1", body=json.dumps(answer(ROWS, note=f"{NOTE}{text}")).encode())
    )
    assert found.release == f"{NOTE}abcd"


@pytest.mark.parametrize("name", COLUMNS)
def test_half_a_character_in_a_row_is_refused_by_its_place(name):
    body = body_of(answer([row(), row(**{name: "\ud800"})]))
    with pytest.raises(ContentError) as caught:
        silver_of(body)
    assert f"payload p1: BEAAPI.Results.Data[1].{name} is '\\ud800', half a character" in str(
        caught.value
    )


def test_rows_outside_results_are_ignored():
    text = text_of(Data=[]).replace('"RequestParam": []', '"Data":[{"Code":"SAPCE1-2"}]')
    payload = Payload(name="p1", body=text.encode())
    assert read_answer(payload).rows is None


def test_a_reference_has_the_meaning_of_its_own_answer():
    """Two answers of one release may number their footnotes differently."""
    payloads = [
        Payload(
            name=f"p{fips}",
            body=body_of(
                answer(
                    [row(GeoFips=fips, NoteRef="2")],
                    Notes=[{"NoteRef": "2", "NoteText": said}, {"NoteText": NOTE}],
                )
            ),
        )
        for fips, said in (("06000", "Of California."), ("48000", "Of Texas."))
    ]
    table = RegionalNormalizer().normalize(DATASET, payloads)
    notes = dict(zip(table["ref_area"].to_pylist(), table["notes"].to_pylist(), strict=True))
    assert notes == {"CA": "Of California.", "TX": "Of Texas."}


# --- the fast path --------------------------------------------------------------------------------

texts = st.sampled_from(
    [
        "1.5",
        "",
        "(D)",
        "a]",
        "[",
        "},{",
        "{",
        '"',
        "\\",
        "\ud800",
        "\r",
        "\n",
        "\0",
        "é",
        "\u00a0",
        "\ufffd",
        "😀",
    ]
)
names = st.sampled_from([*ROWS[0], "noteref", "datavalue", "GEOFIPS", "Extra", "Data"])
odd_rows = st.lists(
    st.one_of(
        st.dictionaries(names, st.one_of(texts, st.none(), st.integers())).map(
            lambda odd: row() | odd
        ),
        st.sampled_from([None, 1, "x", [], {}]),
        st.just(row()),
    ),
    max_size=4,
)


def check_that_fast_equals_slow(payload):
    """Whatever the fast path accepts, the slow one reads in the same way."""
    try:
        found = read_answer(payload)
    except ContentError:
        found = None
    fast = None if found is None else _fast_rows([found])
    try:
        whole = results(payload)
        rows = rows_of(Answer(payload=payload, results=whole))
    except ContentError:
        assert fast is None
        return
    assert found.results == {**whole, "Data": None}
    assert fast is None or fast.table.to_pylist() == rows


@settings(deadline=None, max_examples=200)
@given(rows=odd_rows, ascii_only=st.booleans(), spaced=st.booleans(), mark=st.booleans())
@example(rows=[row(), row(noteref="(D)")], ascii_only=False, spaced=False, mark=False)
@example(rows=[row(), row(datavalue="9")], ascii_only=False, spaced=False, mark=False)
@example(rows=[row(GeoName="é")], ascii_only=False, spaced=False, mark=True)
def test_the_fast_path_gives_the_result_of_the_slow_one(rows, ascii_only, spaced, mark):
    separators = None if spaced else (",", ":")
    text = json.dumps(answer(rows), ensure_ascii=ascii_only, separators=separators)
    body = b"\xef\xbb\xbf" * mark + text.encode(errors="surrogatepass")
    check_that_fast_equals_slow(Payload(name="p1", body=body))


@settings(deadline=None, max_examples=200)
@given(
    place=st.integers(0, 2000),
    junk=st.sampled_from([b"", b'"', b"\\", b"]", b"[", b"{", b"}", b",", b"},{", b"\0", b"\r", b"\xe9", b"null", b'"Data":[']),
    drop=st.integers(0, 30),
)  # fmt: skip
def test_the_paths_agree_on_damaged_bytes(place, junk, drop):
    body = body_of(answer([row(GeoName="é"), row(TimePeriod="2021")])).replace(
        b"\\u00e9", "é".encode()
    )
    place %= len(body)
    check_that_fast_equals_slow(Payload(name="p1", body=body[:place] + junk + body[place + drop :]))


def test_plain_answers_take_the_fast_path():
    """Else the tests above compare nothing."""
    found = read_answer(Payload(name="p1", body=SHAPES["compact"]))
    assert _fast_rows([found]) is not None
    assert content_hash(silver_of(SHAPES["compact"])) == content_hash(silver_of(SHAPES["spaced"]))


def test_answers_of_both_kinds_make_one_batch():
    kinds = [SHAPES["compact"], SHAPES["spaced"], SHAPES["Windows-1252"]]
    (batch,) = batches([read_answer(Payload(name=f"p{n}", body=b)) for n, b in enumerate(kinds)])
    assert batch.counts == [2, 2, 2]
    assert batch.where(3) == "payload p1, Data[1]"
