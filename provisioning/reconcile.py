"""
One rule for every resource: look, make what is missing, compare, change only what differs, and name
what others have put on it.
"""

from __future__ import annotations

import re
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

_GONE = re.compile(r"NoSuch|NotFound")
"""Parts of codes which say that somebody else took it away between our look and our request."""

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


@frozen(kw_only=True)
class Stranger:
    """
    Something on a resource that we did not put there. Without ``remove``, only a person can take it away.
    """

    what: str
    remove: Callable[[], Any] | None = None


def _none(_found: Any) -> Iterable[Any]:
    return ()


@frozen(kw_only=True)
class Resource(Generic[Found]):
    """
    Something in the account. ``find`` gives ``None`` where it is missing.

    An aspect has one right value, so it is written whenever it differs. A stranger was added beside what
    is ours: somebody may need it, so it is only named, and removed if that is asked for.
    """

    name: str
    find: Callable[[], Found | None]
    create: Callable[[], Any]
    aspects: Callable[[Found], Iterable[Aspect]] = _none
    strangers: Callable[[Found], Iterable[Stranger]] = _none


@frozen(kw_only=True)
class Reconciler:
    """
    Settles resources and tells a line about each. With ``plan`` it only says what it would do; with
    ``repair`` it removes strangers. ``left`` are those that are still there.
    """

    plan: bool
    tell: Callable[[str], None]
    repair: bool = False
    sleep: Callable[[float], None] = field(default=time.sleep)
    left: list[Stranger] = field(factory=list, init=False)

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
        strangers = list(resource.strangers(found))
        if made:
            self._say("created", resource.name)
        elif differing:
            self._say("would change" if self.plan else "changed", resource.name, differing)
        elif not strangers:
            self._say("unchanged", resource.name)
        for stranger in strangers:
            self._meet(resource.name, stranger)
        return found

    def _meet(self, name: str, stranger: Stranger) -> None:
        """Name what is not ours, and remove it if we may."""
        removes = self.repair and stranger.remove is not None
        if removes and not self.plan and stranger.remove:
            _removed(stranger.remove)
        else:
            self.left.append(stranger)
        verb = ("would remove" if self.plan else "removed") if removes else "not ours"
        by_hand = "" if stranger.remove else "; remove it by hand"
        self._say(verb, f"{name}: {stranger.what}{by_hand}")

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


def _removed(remove: Callable[[], Any]) -> None:
    """Remove it, unless somebody else has."""
    try:
        remove()
    except ClientError as error:
        if not _GONE.search(code_of(error)):
            raise


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
