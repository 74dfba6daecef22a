"""The result of work done elsewhere."""

from __future__ import annotations

from typing import Protocol, TypeVar

_T_co = TypeVar("_T_co", covariant=True)


class Promise(Protocol[_T_co]):
    """
    A result that will be available, such as that of a standard future.
    """

    def done(self) -> bool:
        """
        Return whether it is available.
        """

    def result(self) -> _T_co:
        """
        Wait for it. Raises what the work raised.
        """
