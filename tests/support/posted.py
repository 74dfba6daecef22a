"""An executor that does its work here, and sends everything as if it were done elsewhere."""

from __future__ import annotations

import pickle
from concurrent.futures import Executor, Future
from functools import partial


class Posted(Executor):
    """
    Pickles what goes and what comes, and keeps it in ``sent`` and ``returned``.

    ``lost`` are the numbers of what never comes back, counted from 1, because the worker dies.
    """

    def __init__(self, lost=()):
        self.sent, self.returned = [], []
        self.lost = lost

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        self.sent.append(pickle.dumps(partial(fn, *args, **kwargs)))
        self.returned.append(pickle.dumps(pickle.loads(self.sent[-1])()))
        if len(self.sent) in self.lost:
            future.set_exception(RuntimeError("the worker died"))
        else:
            future.set_result(pickle.loads(self.returned[-1]))
        return future
