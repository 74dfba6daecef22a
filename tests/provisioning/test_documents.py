"""Policies and rules are compared by what they say, not by how AWS writes them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from provisioning.documents import meaning, policy
from provisioning.lifecycle import Rule, data_rules

words = st.text("abc:*/", min_size=1, max_size=5)
lists = st.lists(words, min_size=1, max_size=4, unique=True)
statements = st.builds(
    lambda actions, resources: {"Effect": "Allow", "Action": actions, "Resource": resources},
    lists,
    lists,
)


@given(st.lists(statements, min_size=1, max_size=3), st.randoms())
def test_order_and_lists_of_one_do_not_matter(given_statements, random):
    document = policy(*given_statements)
    shuffled = json.loads(json.dumps(document))
    random.shuffle(shuffled["Statement"])
    for statement in shuffled["Statement"]:
        for key in ("Action", "Resource"):
            random.shuffle(statement[key])
            if len(statement[key]) == 1:
                statement[key] = statement[key][0]
    assert meaning(shuffled) == meaning(document)
    assert meaning(json.dumps(document)) == meaning(document)
    assert meaning(meaning(document)) == meaning(document)


@given(statements, words)
def test_another_right_changes_the_meaning(statement, more):
    wider = {**statement, "Action": [*statement["Action"], f"{more}!"]}
    assert meaning(policy(wider)) != meaning(policy(statement))


def test_every_form_of_everybody_is_equal():
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    first, second, third = (
        meaning(policy({**deny, "Principal": principal}))
        for principal in ("*", {"AWS": "*"}, {"AWS": "arn:aws:iam::1:root"})
    )
    assert first == second != third


def test_a_value_that_looks_like_json_is_not_changed():
    odd = {"Condition": {"StringLike": {"s3:prefix": "{not json"}}}
    assert meaning(policy(odd)) == meaning(json.dumps(policy(odd)))


def test_a_missing_policy_is_none():
    assert meaning(None) is None


def test_additions_of_s3_do_not_change_a_rule():
    for rule in data_rules(30):
        request = rule.as_request()
        shown = {**request, "Prefix": request["Filter"]["Prefix"], "Status": "Enabled"}
        assert Rule.meaning(shown) == Rule.meaning(request)
        for change in (
            {"Status": "Disabled"},
            {"Expiration": {"Days": 9999}},
            {"NoncurrentVersionTransitions": [{"NoncurrentDays": 1, "StorageClass": "GLACIER"}]},
            {"Filter": {"And": {"Prefix": request["Filter"]["Prefix"], "Tags": []}}},
        ):
            assert Rule.meaning({**shown, **change}) != Rule.meaning(request)


days = st.none() | st.integers(1, 4000)


@given(
    st.builds(
        Rule,
        id=st.just("x"),
        prefix=st.sampled_from(["", "a/", "b/"]),
        infrequent=days,
        glacier=days,
        expire=days,
        noncurrent=days,
        abort=days,
    ),
    st.randoms(),
)
def test_the_order_of_transitions_and_keys_does_not_matter(rule, random):
    request = rule.as_request()
    items = list(request.items())
    random.shuffle(items)
    shuffled = dict(items)
    if "Transitions" in shuffled:
        shuffled["Transitions"] = list(reversed(shuffled["Transitions"]))
    assert Rule.meaning(shuffled) == Rule.meaning(request)
    old = {key: value for key, value in shuffled.items() if key != "Filter"}
    assert Rule.meaning({**old, "Prefix": rule.prefix}) == Rule.meaning(request)
