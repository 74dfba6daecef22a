"""Every aspect of every resource: what somebody changed by hand is said by its name, and put right."""

from __future__ import annotations

import pytest
from provisioning.account import READING

from support.drifts import DRIFTS
from support.drifts.site import STEM, once, rights


@pytest.mark.parametrize(("resource", "aspect", "change"), once(DRIFTS))
def test_a_change_by_hand_is_named_and_reverted(site, resource, aspect, change):
    change(site)
    site.asked.clear()
    assert site.again(resource) == [f"changed       {resource} ({aspect})"]
    assert [name for name in site.asked if not name.split(":")[1].startswith(READING)]
    by_administrators = {"IAM:CreatePolicyVersion", "IAM:DeletePolicyVersion"}
    assert site.asked <= rights()[0] | (by_administrators if aspect == "text" else set())
    site.is_as_wanted(resource)


def test_every_aspect_of_every_resource_is_tested(site):
    from provisioning.database import _wanted  # what "configuration" stands for

    there = {
        (name, aspect.name)
        for name, resource in site.resources.items()
        for aspect in resource.aspects(resource.find())
    }
    database = f"database {STEM}"
    there -= {(database, "configuration")}
    there |= {(database, entry.request) for entry in _wanted(site.settings, "sg-0")}
    there -= {(database, "AllocatedStorage")}  # it only grows: test_settings_that_changed...
    assert there <= {(drift.values[0], drift.values[1]) for drift in DRIFTS}
