"""Runs one test of a contract on a sink."""

import inspect


def keep_promise(contract, promise, sink):
    """Run one test of a contract on a sink."""
    test = getattr(contract(), promise)
    given = {
        "sink": sink,
        "another": sink,
        "accident": "damage_payload",
        "part": 0.5,
        "stale": True,
    }
    test(**{name: given[name] for name in inspect.signature(test).parameters})
