"""What every Gold model promises."""

from __future__ import annotations

from statpipe.testing.model_contract.areas import Areas
from statpipe.testing.model_contract.as_of import AsOf
from statpipe.testing.model_contract.changed import Changed
from statpipe.testing.model_contract.declaration import has_its_columns, problems_with_declaration
from statpipe.testing.model_contract.described import Described
from statpipe.testing.model_contract.digits import Digits
from statpipe.testing.model_contract.expected import Figures
from statpipe.testing.model_contract.grain import Grain
from statpipe.testing.model_contract.made_up import made_up_history
from statpipe.testing.model_contract.postgresql import PostgreSql
from statpipe.testing.model_contract.purity import Purity
from statpipe.testing.model_contract.running import given_columns
from statpipe.testing.model_contract.settled import Settled

__all__ = [
    "ModelContract",
    "given_columns",
    "has_its_columns",
    "made_up_history",
    "problems_with_declaration",
]


# pytest begins with the tests of the last base.
class ModelContract(
    PostgreSql, Purity, AsOf, Settled, Digits, Changed, Figures, Areas, Grain, Described
):
    """
    A model's SQL gives just what its declaration says, from any input, in any order.

    Inherit it in a class whose name begins with ``Test`` and override a fixture::

        class TestTeaModels(ModelContract):
            @pytest.fixture
            def models(self):
                return list(statpipe_models())         # all that the plugin offers

            @pytest.fixture
            def histories(self):                       # what the SQL reads, by the source's name
                return {"tea_prices": history_of(TEA, {
                    date(2024, 3, 1): {("CAL", "fine", "2023"): "12.5", ("CAL", "fine", "2022"): "11"},
                    date(2024, 9, 1): {("CAL", "fine", "2023"): "12.7", ("CAL", "fine", "2022"): "11"},
                })}

    ``histories`` may be left out: then made-up figures of two areas stand for every source. Override
    it where the SQL wants certain codes or dimensions. The SQL is run by DuckDB, as statpipe runs it.
    For a database, views are derived by the same SQL: words that PostgreSQL does not know are told.

    A fixture more is worth its lines: ``expected``, a few rows of your own models that you have worked out by hand,
    by model: ``{"tea_dear": [{"ref_area": "CAL", "year": 2023, "value": "12.7"}]}``, with what identifies each and figures
    as text. Take a negative one, one that is missing (``None``), and two years.

    - ``may_be_empty``: names of models that give no rows of ``histories``.
    - ``not_in_proportion``: names of models with figures that do not grow with the figures that they read, and
      shrink with them: those with thresholds, absolute values, roots, or rounded figures.
    - ``depends_on``: what is meant to make a difference: ``frozenset({"years", "missing", "period"})``, or some of
      them, for SQL that names years, fills in missing figures, or gives a row another period than its figures have.
    - ``with_extra_columns``: names of models whose SQL may give more columns than are declared.
    """
