"""What every normalizer promises."""

from __future__ import annotations

from statpipe.testing.normalizer_contract.any_damage import AnyDamage
from statpipe.testing.normalizer_contract.changed_figures import ChangedFigures
from statpipe.testing.normalizer_contract.changed_records import ChangedRecords
from statpipe.testing.normalizer_contract.example import Example
from statpipe.testing.normalizer_contract.fixtures import Figures
from statpipe.testing.normalizer_contract.notations import Notations
from statpipe.testing.normalizer_contract.purity import Purity
from statpipe.testing.normalizer_contract.repeats import Repeats
from statpipe.testing.normalizer_contract.wrong_payloads import WrongPayloads

__all__ = ["Figures", "NormalizerContract"]


# pytest begins with the tests of the last base.
class NormalizerContract(
    AnyDamage, Repeats, ChangedRecords, WrongPayloads, Notations, ChangedFigures, Purity, Example
):
    """
    A normalizer is pure, exact, and refuses what it does not understand.

    Inherit it in a class whose name begins with ``Test`` and override four fixtures::

        class TestTeaNormalizer(NormalizerContract):
            @pytest.fixture
            def normalizer(self):              # the object under test
                return TeaNormalizer()

            @pytest.fixture
            def dataset(self):                 # what the source says about the figures
                return TEA

            @pytest.fixture
            def payloads(self):                # a small good answer of the agency, as it really came
                return [Payload(name="CAL", body=b'...')]

            @pytest.fixture
            def figures(self):                 # every figure in it, read by eye, as printed
                return {("CAL", "fine", "2024-01"): "1,852.25",
                        ("CAL", "dust", "2024-01"): None}

    Keep the example small and telling: two areas, two categories, two periods, figures that all
    differ, one that the agency does not show (``None``), a negative one and a zero if there are such.
    Its figures are bent, its fields renamed, its bytes cut, and the normalizer has to notice: it
    raises ``ContentError``, or returns a table that is right.

    A fixture more is worth its lines: ``marks``, what is special about figures of the example, by key:
    ``obs_status`` and ``source_symbol``, such as ``{("CAL", "dust", "2024-01"): ("Q", "(D)")}``. All
    others are then expected to be normal. ``notes`` are the texts of footnotes, by key: all others have none.

    Class attributes, for the exceptions from the rule:

    - ``complete = False``: ``figures`` names only some of the figures of the payloads.
    - ``optional_fields``: names of fields whose absence says something by itself, such as the field of
      a footnote mark; leaving them out or renaming them cannot be noticed.
    - ``rows_may_repeat = True``: the agency is known to print the same record twice.
    - ``markers``: what the agency documents in place of a figure it does not show, such as
      ``frozenset({"..", "-"})``. Of the usual ones, any other has to be refused.
    - ``notations``: what the agency documents of figures that are written in another way, with what they mean:
      ``{"(5)": "-5", "5r": "5"}``. Of the usual ones, any other has to be refused; ``null`` is one in JSON.
    - ``decimal_mark = ","``: the agency prints 1.852,25 or 1 852,25; write ``figures`` like that too.
    - ``encoding = "latin-1"``: the agency does not write UTF-8.
    - ``names_its_table = False``: the dataset's name stands in the payloads by chance, and does not say
      which table they are of.
    - ``reads_all_payloads = False``: it takes payloads by their names, and others are none of its business.
    - ``names_its_units = False``: the unit of a category stands in the payloads by chance, and does not
      say what the figures are in.
    - ``leaves_out_unknown = True``: the agency prints areas or categories that are left out on purpose,
      so that a code that the dataset does not list is no reason to refuse a payload.
    - ``figures_are_text = False``: the payloads are binary, so figures cannot be found and bent in
      them. Four promises then go untested.
    - ``examples``: how many damaged payloads Hypothesis draws, on top of those in which each place is bent.
    """
