"""Ready-made Gold models for any source."""

from statpipe.api.gold.columns import STANDARD, standard
from statpipe.api.gold.standard_models import gold_families, gold_models

__all__ = ["STANDARD", "gold_families", "gold_models", "standard"]
