"""Remembering answers."""

from __future__ import annotations

from statpipe.api.http import Answer
from statpipe.api.http.memo import Memo


def answer(size: int) -> Answer:
    return Answer(url="https://agency.example/", status=200, body=b"x" * size)


def test_an_answer_is_remembered():
    memo, first = Memo(100), answer(1)
    memo.remember("SAPCE1-1", first)
    assert memo.recall("SAPCE1-1") is first
    assert memo.recall("SAPCE1-2") is None


def test_the_oldest_answers_are_forgotten_when_there_is_no_room():
    memo = Memo(100)
    for line in range(4):
        memo.remember(line, answer(40))
    assert [line for line in range(4) if memo.recall(line)] == [2, 3]


def test_an_answer_larger_than_the_memory_is_not_kept():
    memo = Memo(100)
    memo.remember(1, answer(101))
    assert memo.recall(1) is None


def test_a_new_answer_replaces_the_one_before():
    memo = Memo(100)
    for size in (60, 60, 40):
        memo.remember("the date", answer(size))
    memo.remember("figures", answer(60))
    assert len(memo.recall("the date").body) == 40
