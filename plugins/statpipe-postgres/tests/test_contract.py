"""PostgreSQL keeps what every sink promises."""

import pytest

from contract.sink_contract import SinkContract
from statpipe.api import ConfigError


class TestPostgresSink(SinkContract):
    examples = 8

    @pytest.fixture
    def sink(self, make_sink):
        return make_sink()

    @pytest.fixture
    def another(self, make_sink):
        return make_sink()

    @pytest.fixture
    def scratch(self, make_sink):
        return make_sink(scratch="smoke")

    def figures_in(self, sink, key):
        try:
            found = sink.query(f'SELECT area, year, value FROM "{key.owner}"')
        except ConfigError:
            return None
        return {(area, year): value for area, year, value in found.rows}

    def rows_in(self, sink, key):
        found = sink.query(f'SELECT * FROM "{key.owner}"')
        return [dict(zip(found.columns, row, strict=True)) for row in found.rows]
