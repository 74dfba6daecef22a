"""What a role must allow: the provisioned policy is made from this."""

from __future__ import annotations

import re

import pytest

from support.s3_faults import BUCKET, RUN, answer, last_line

DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
SHA = "[0-9a-f]{64}"
ASKED = (
    ("(PUT|GET)", f"bronze/tea_prices/(black|green)/{DAY}/(black|green)-CAL-{SHA}.json.gz"),
    (
        "(PUT|GET)",
        f"bronze/tea_prices/(black|green)/{DAY}/(black|green)-CAL-{SHA}.json.gz.meta.json",
    ),
    ("(PUT|GET)", f"silver/tea_prices/dataset=(black|green)/vintage={DAY}/part-0.parquet"),
    ("GET", "silver/tea_prices/"),
    ("(PUT|GET)", "prints/tea_prices.json"),
    ("(PUT|GET)", "changes/tea_prices/dataset=(black|green)/year=[0-9]{4}/part-0.parquet"),
    ("(PUT|GET)", "gold/tea_latest/part-0.parquet"),
    ("(PUT|GET)", f"(runs|copies)/tea_prices/{RUN}.json"),
    ("GET", "(runs|copies)/tea_prices/"),
    ("(PUT|GET)", "locks/(tea_prices|gold).lock"),
    ("(PUT|HEAD)", "locks/(tea_prices|gold).lock.clock"),
    ("PUT", ".doctor"),
    ("GET", "(runs|copies)/"),
)


def unforeseen(wire, prefix):
    return [
        (method, key)
        for method, key in wire.seen
        if not any(
            re.fullmatch(f"{methods} {re.escape(prefix)}{shape}", f"{method} {key}")
            for methods, shape in ASKED
        )
    ]


def test_a_run_only_gets_puts_and_lists_below_its_prefix(place, wire, corner):
    place.run("doctor")
    place.run("run", "tea_prices")
    place.run("run", "tea_prices", "--full")
    for path in corner.objects("silver/"):
        corner.client.delete_object(Bucket=BUCKET, Key=corner.prefix + path)
    place.run("transform", "tea_prices")
    assert len(corner.objects("silver/")) == 2
    corner.put("locks/tea_prices.lock", b"{}")
    place.run("run", "tea_prices", code=6)
    assert unforeseen(wire, corner.prefix) == []


def test_only_a_smoke_run_deletes_and_only_in_its_scratch_corner(place, wire, corner):
    place.run("smoke", "tea_prices")
    (scratch,) = {re.match(".*/scratch/smoke_[0-9a-f]{8}/", key)[0] for _, key in wire.seen if key}
    assert scratch.startswith(f"{corner.prefix}scratch/")
    assert unforeseen(wire, scratch) == [("GET", scratch), ("POST", "")]
    assert corner.objects() == {}


@pytest.mark.slow
@pytest.mark.parametrize("each", [False, True], ids=["at all", "each of them"])
def test_a_smoke_run_that_may_not_delete_says_so(place, wire, corner, each):
    """S3 refuses the request as a whole, or lists what it refuses in an answer that says 200."""

    def rule(exchange):
        if exchange.method != "POST":
            exchange.pass_on()
        elif each:
            refused = (
                f"<Error><Key>{corner.prefix}{path}</Key><Code>AccessDenied</Code>"
                "<Message>Access Denied</Message></Error>"
                for path in corner.objects()
            )
            exchange.answer(200, text=f"<DeleteResult>{''.join(refused)}</DeleteResult>")
        else:
            exchange.answer(403, "AccessDenied")

    wire.rule = rule
    said = place.run("smoke", "tea_prices", code=2)
    assert re.search(
        r"/scratch/smoke_[0-9a-f]{8} cannot be removed \(no permission\); remove it yourself", said
    )
    assert last_line(said).endswith(
        f"s3:DeleteObject on {BUCKET}/{corner.prefix}scratch/* (exit 2)"
    )


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (301, "PermanentRedirect", f"the bucket {BUCKET} is not in region us-east-1; set `region`"),
        (404, "NoSuchBucket", f"the bucket {BUCKET} does not exist; correct the lake's path, or"),
        (
            403,
            "AccessDenied",
            "or correct the lake's path if the bucket is somebody else's (exit 2)",
        ),
        (403, "RequestTimeTooSkewed", "this machine's clock is off by more than AWS allows"),
    ],
)
def test_an_unusable_bucket_is_reported_in_one_line(place, wire, status, code, words):
    wire.rule = answer(status, code)
    said = place.run("run", "tea_prices", code=2)
    assert words in last_line(said)
    assert "(exit 2)" in last_line(said)
