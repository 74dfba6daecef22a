"""A budget of the account, that writes mail before it is spent."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from provisioning.account import Account
from provisioning.names import BUDGET
from provisioning.reconcile import Aspect, Resource, Stranger, absent_on
from provisioning.settings import Settings
from provisioning.tags import SHARED, as_list, tags

_REGION = "us-east-1"
"""The only one that Budgets has."""

_FILTERS = ("CostFilters", "FilterExpression")
"""What would make a budget look at a part of the costs only."""

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
        yield Aspect(
            name="filters",
            now=[found.get(key) or {} for key in _FILTERS],
            wanted=[{} for _ in _FILTERS],
            write=lambda: budgets.update_budget(**here, NewBudget=wanted),
        )
        there = [_said(notice) for notice in _notices(budgets, here)]
        for notice in notices:
            yield Aspect(
                name=f"notice of {_said(notice)}",
                now=_said(notice) in there,
                wanted=True,
                write=partial(
                    budgets.create_notification,
                    **here,
                    BudgetName=BUDGET,
                    Notification=notice,
                    Subscribers=subscribers,
                ),
            )

    def strangers(_found: dict[str, Any]) -> Iterable[Stranger]:
        ours = [_said(notice) for notice in notices]
        for notice in _notices(budgets, here):
            if _said(notice) not in ours:
                yield Stranger(
                    what=f"a notice of {_said(notice)} is sent",
                    remove=partial(
                        budgets.delete_notification,
                        **here,
                        BudgetName=BUDGET,
                        Notification=notice,
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
        strangers=strangers,
    )


def _notices(budgets: Any, here: dict[str, str]) -> list[dict[str, Any]]:
    asked = budgets.describe_notifications_for_budget(**here, BudgetName=BUDGET)
    return list(asked.get("Notifications", ()))


def _said(notice: dict[str, Any]) -> str:
    """What tells a notice from others, as ``80 % actual``."""
    unit = "USD" if notice.get("ThresholdType") == "ABSOLUTE_VALUE" else "%"
    other = notice["ComparisonOperator"]
    beyond = "" if other == "GREATER_THAN" else f" ({other.lower().replace('_', ' ')})"
    return f"{notice['Threshold']:g} {unit} {notice['NotificationType'].lower()}{beyond}"


def _notice(kind: str, threshold: float) -> dict[str, Any]:
    return {
        "NotificationType": kind,
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": threshold,
        "ThresholdType": "PERCENTAGE",
    }
