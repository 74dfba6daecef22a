"""How many examples Hypothesis draws where one takes a second: fewer for `make test` than for `make test-all`."""

from hypothesis import settings


def examples(ci: int, otherwise: int) -> int:
    return ci if settings.get_current_profile_name() == "ci" else otherwise
