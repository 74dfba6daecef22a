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
def test_another_right_is_another_meaning(statement, more):
    wider = {**statement, "Action": [*statement["Action"], f"{more}!"]}
    assert meaning(policy(wider)) != meaning(policy(statement))


def test_a_rule_is_the_same_whatever_s3_adds():
    for rule in data_rules(30):
        request = rule.as_request()
        shown = {**request, "Prefix": request["Filter"]["Prefix"], "Status": "Enabled"}
        assert Rule.meaning(shown) == Rule.meaning(request)
        assert Rule.meaning({**shown, "Status": "Disabled"}) != Rule.meaning(request)
