"""Promises that every implementation of a role keeps: inherit the class, override its fixtures."""

import pytest

pytest.register_assert_rewrite("contract.sink_contract")
