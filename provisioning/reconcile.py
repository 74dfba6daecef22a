"""One rule for every resource: look, make what is missing, compare, change only what differs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from attrs import field, frozen
from botocore.exceptions import ClientError

from provisioning.failures import Unreachable, code_of

Found = TypeVar("Found")

_THERE_ALREADY = {
    "BucketAlreadyOwnedByYou",
    "DBInstanceAlreadyExists",
    "DBParameterGroupAlreadyExists",
    "DBSubnetGroupAlreadyExists",
    "DuplicateRecordException",
    "EntityAlreadyExists",
    "InvalidGroup.Duplicate",
    "ResourceAlreadyExistsException",
}
"""Codes which say that somebody else made it between our look and our request."""

_LOOKS, _PAUSE = 20, 1.5
"""How often, and seconds between, until AWS shows what it has just made."""


@frozen(kw_only=True)
class Aspect:
    """
    One property of a resource: as it is, as it should be, and how it is made so.
    """

    name: str
    now: Any
    wanted: Any
    write: Callable[[], Any]

    @property
    def differs(self) -> bool:
        """
        Whether it must be written.
        """
        return bool(self.now != self.wanted)


def _no_aspects(_found: Any) -> Iterable[Aspect]:
    return ()


@frozen(kw_only=True)
class Resource(Generic[Found]):
    """
    Something in the account. ``find`` gives ``None`` where it is missing.
    """

    name: str
    find: Callable[[], Found | None]
    create: Callable[[], Any]
    aspects: Callable[[Found], Iterable[Aspect]] = _no_aspects


@frozen(kw_only=True)
class Reconciler:
    """
    Settles resources and tells a line about each. With ``plan`` it only says what it would do.
    """

    plan: bool
    tell: Callable[[str], None]
    sleep: Callable[[float], None] = field(default=time.sleep)

    def settle(self, resource: Resource[Found]) -> Found | None:
        """
        Bring a resource to what is wanted, and return it as found; ``None`` only in a plan.

        What an earlier run left half-made is found, compared and completed like any other.
        """
        found = resource.find()
        made = found is None
        if made and self.plan:
            self._say("would create", resource.name)
            return None
        if found is None:
            made = _made(resource)
            found = self._shown(resource)
        differing = [aspect for aspect in resource.aspects(found) if aspect.differs]
        if not self.plan:
            for aspect in differing:
                aspect.write()
        if made:
            self._say("created", resource.name)
        elif differing:
            self._say("would change" if self.plan else "changed", resource.name, differing)
        else:
            self._say("unchanged", resource.name)
        return found

    def _shown(self, resource: Resource[Found]) -> Found:
        """Look again until AWS shows it: what is made is seen everywhere only a little later."""
        for _ in range(_LOOKS):
            found = resource.find()
            if found is not None:
                return found
            self.sleep(_PAUSE)
        msg = f"{resource.name} was made but AWS does not show it yet; run again"
        raise Unreachable(msg)

    def _say(self, verb: str, name: str, differing: Sequence[Aspect] = ()) -> None:
        what = f" ({', '.join(aspect.name for aspect in differing)})" if differing else ""
        self.tell(f"{verb:<12}  {name}{what}")


def _made(resource: Resource[Any]) -> bool:
    """Make it, and tell whether it was we who did."""
    try:
        resource.create()
    except ClientError as error:
        if code_of(error) in _THERE_ALREADY:
            return False
        raise
    return True


def absent_on(*codes: str) -> Callable[[Callable[[], Found]], Found | None]:
    """
    Make a caller that takes these codes of AWS for "not there".
    """

    def ask(request: Callable[[], Found]) -> Found | None:
        try:
            return request()
        except ClientError as error:
            if code_of(error) in codes:
                return None
            raise

    return ask
