"""A value that prints as stars."""

from __future__ import annotations

from typing import Final


class Secret:
    """
    A credential. ``repr``, ``str`` and pickling do not show it; :meth:`reveal` does.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value: Final = value

    def reveal(self) -> str:
        """
        Return the credential itself. Call it where it is sent, and nowhere else.
        """
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> tuple[object, ...]:
        msg = "a Secret does not leave its process: pass the name of its variable instead"
        raise TypeError(msg)
