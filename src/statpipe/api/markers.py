"""The markers that tie hook specifications and implementations to statpipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pluggy

PROJECT = "statpipe"
"""Prefix of every hook and name of the entry-point group."""

_F = TypeVar("_F", bound=Callable[..., Any])

_spec = pluggy.HookspecMarker(PROJECT)
_impl = pluggy.HookimplMarker(PROJECT)


def hookspec(function: _F) -> _F:
    """
    Mark a function as the specification of a hook.
    """
    return _spec(function)


def hookimpl(function: _F) -> _F:
    """
    Mark a plugin's function as the implementation of the hook of the same name.
    """
    return _impl(function)
