"""What every source promises."""

from __future__ import annotations

from statpipe.testing.source_contract.datasets import Datasets
from statpipe.testing.source_contract.failures import Failures
from statpipe.testing.source_contract.fixtures import Agency
from statpipe.testing.source_contract.key import Key
from statpipe.testing.source_contract.payloads import Payloads
from statpipe.testing.source_contract.refusals import Refusals
from statpipe.testing.source_contract.steady import Steady
from statpipe.testing.source_contract.traces import Traces
from statpipe.testing.source_contract.vintages import Vintages

__all__ = ["Agency", "SourceContract"]


# pytest begins with the tests of the last base.
class SourceContract(Failures, Refusals, Key, Payloads, Vintages, Traces, Steady, Datasets):
    """
    A source names the agency's releases, brings its answers as they are, and keeps its key.

    Inherit it in a class whose name begins with ``Test`` and override two fixtures::

        class TestTeaSource(SourceContract):
            @pytest.fixture
            def agency(self):                       # the agency, on this machine
                with LocalAgency() as agency:
                    agency.answer("/released", b'{"date": "2024-03-01"}')
                    agency.answer("/prices", (HERE / "prices.json").read_bytes())
                    yield agency

            @pytest.fixture
            def make_source(self, agency, canary):  # makes a new source whenever it is called
                return lambda: TeaSource(Settings(url=agency.url, key=Secret(canary)))

    ``canary`` is the text that stands for the key: hand it to the source wherever a real key would
    go. The kit looks for it everywhere. The agency's answers are then delayed by nobody, but broken
    in every way: the source has to say ``Unavailable``, ``Rejected`` or ``ContentError``, each in one
    line. While that is tested, ``time.sleep`` returns at once.

    Fixtures that may be overridden besides:

    - ``normalizer``: then what is fetched must also be readable.
    - ``keyless``: a source whose key is not set; then it has to say so, before it asks anybody.
    - ``refusals``: answers with status 200 that refuse, and the error that each has to become, such as
      ``{b'{"error": "limit reached"}': Unavailable, b'{"error": "no rows"}': NoData}``; ``{}`` if the agency
      sends none. Each is put in the place of the first answer and of later ones.
    - ``revise``: a function that lets the agency publish other figures; then the probe must see it.
    - ``revise_quietly``: a function that lets the agency silently change one figure, each time another;
      if nobody dates its releases, the token must change.
    - ``released``: the day that the agency's answers name, a ``datetime.date``.
    - ``agency``: a source that does not speak HTTP, or has a fake of its own, may leave it out;
      then most promises are not tested. A fake of your own needs ``requests``, ``served``, ``told`` and ``fault``
      as :class:`~statpipe.testing.LocalAgency` has them.

    Class attributes, for the exceptions from the rule:

    - ``probe_reads_everything = True``: the agency has no cheaper question than the whole answer.
    - ``payloads_as_served = False``: payloads are cut out of answers, so they are not found in them.
    - ``names_its_date = False``: the agency writes its date in a way of its own, so that the kit cannot find it
      in the answers; where it prints none, the vintage is ``statpipe.api.undated``.
    - ``keeps_files = True``: it remembers something from run to run in a file of its own.
    - ``agency_may_echo = False``: the agency never repeats what it was asked in its answers.
    - ``serves_everything = True``: the agency on this machine has a figure, or a reason for there being
      none, for every area and every category of the datasets; then each of them has to be fetched.
    """
