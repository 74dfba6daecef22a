"""Remembering answers."""

from __future__ import annotations

from statpipe.api import Payload
from statpipe_bea.api.memo import Memo


def payload(size: int) -> Payload:
    return Payload(name="a", body=b"x" * size)


def test_parameters_are_recalled_in_whatever_order():
    memo, answer = Memo(100), payload(1)
    memo.remember({"TableName": "SAPCE1", "LineCode": "1"}, answer)
    assert memo.recall({"LineCode": "1", "TableName": "SAPCE1"}) is answer
    assert memo.recall({"LineCode": "2", "TableName": "SAPCE1"}) is None


def test_the_oldest_answers_are_forgotten_when_there_is_no_room():
    memo = Memo(100)
    for line in range(4):
        memo.remember({"LineCode": str(line)}, payload(40))
    kept = [line for line in range(4) if memo.recall({"LineCode": str(line)})]
    assert kept == [2, 3]


def test_an_answer_beyond_all_room_is_not_kept():
    memo = Memo(100)
    memo.remember({"LineCode": "1"}, payload(101))
    assert memo.recall({"LineCode": "1"}) is None
