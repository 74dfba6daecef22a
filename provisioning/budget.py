"""A budget of the account, that writes mail before it is spent."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from provisioning.account import Account
from provisioning.names import BUDGET
from provisioning.reconcile import Aspect, Resource, absent_on
from provisioning.settings import Settings
from provisioning.tags import SHARED, as_list, tags

_REGION = "us-east-1"
"""The only one that Budgets has."""

_NOTICES = (("ACTUAL", 80.0), ("FORECASTED", 100.0))


def budget(account: Account, settings: Settings) -> Resource[Any]:
    """
    The budget, of all that the account spends in a month.

    It is not narrowed to our tags: they count only after somebody activates them for billing, and until
    then a budget that looks at them sees nothing.
    """
    budgets = account.client("budgets", _REGION)
    here = {"AccountId": account.id}
    wanted = {
        "BudgetName": BUDGET,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": str(settings.budget), "Unit": "USD"},
    }
    subscribers = [{"SubscriptionType": "EMAIL", "Address": settings.email}]
    notices = [_notice(kind, threshold) for kind, threshold in _NOTICES]

    def aspects(found: dict[str, Any]) -> Iterable[Aspect]:
        yield Aspect(
            name="limit",
            now=Decimal(found["BudgetLimit"]["Amount"]),
            wanted=settings.budget,
            write=lambda: budgets.update_budget(**here, NewBudget=wanted),
        )
        asked = budgets.describe_notifications_for_budget(**here, BudgetName=BUDGET)
        there = [(n["NotificationType"], n["Threshold"]) for n in asked.get("Notifications", ())]
        for notice in notices:
            key = notice["NotificationType"], notice["Threshold"]
            yield Aspect(
                name=f"notice of {key[1]:g} % {key[0].lower()}",
                now=key in there,
                wanted=True,
                write=partial(
                    budgets.create_notification,
                    **here,
                    BudgetName=BUDGET,
                    Notification=notice,
                    Subscribers=subscribers,
                ),
            )

    return Resource(
        name=f"budget {BUDGET}",
        find=lambda: absent_on("NotFoundException")(
            lambda: budgets.describe_budget(**here, BudgetName=BUDGET)["Budget"]
        ),
        create=lambda: budgets.create_budget(
            **here,
            Budget=wanted,
            NotificationsWithSubscribers=[
                {"Notification": notice, "Subscribers": subscribers} for notice in notices
            ],
            ResourceTags=as_list(tags(SHARED)),
        ),
        aspects=aspects,
    )


def _notice(kind: str, threshold: float) -> dict[str, Any]:
    return {
        "NotificationType": kind,
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": threshold,
        "ThresholdType": "PERCENTAGE",
    }
