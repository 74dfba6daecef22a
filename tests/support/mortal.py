"""The tea agency with a normalizer that ends its process, once."""

import os
from pathlib import Path

from statpipe.api import Component, hookimpl
from support.tea import NORMALIZER, TeaNormalizer, TeaPlugin

VARIABLE = "MORTAL_FILE"


class Mortal(TeaNormalizer):
    """Removes the file that the variable names, and dies; without the file it lives."""

    def normalize(self, dataset, payloads):
        try:
            Path(os.environ[VARIABLE]).unlink()
        except FileNotFoundError:
            return super().normalize(dataset, payloads)
        os._exit(9)


class MortalPlugin(TeaPlugin):
    """Offers it."""

    @hookimpl
    def statpipe_normalizers(self):
        return [
            Component(name=NORMALIZER, summary="Dies once", factory=lambda _: Mortal()),
        ]
