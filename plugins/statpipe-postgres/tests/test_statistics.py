"""The planner knows what a table holds after a difference that matters."""

from __future__ import annotations

import pytest

from support.spending import rows


class TestStatistics:
    """The planner knows what a table holds after a difference that matters."""

    @pytest.fixture
    def distinct(self, sink, admin, partition, table_of):
        """Load 1,000 figures, then another table; return how many distinct values are believed in."""

        def distinct(*second):
            sink.write(partition(table_of(*((a, y, "1", None, None) for a, y in _CELLS))))
            sink.write(partition(table_of(*second), "second"))
            (found,) = rows(
                admin,
                "SELECT n_distinct FROM pg_stats WHERE schemaname = 'gold'"
                " AND tablename = 'spending' AND attname = 'value'",
            )
            return found[0]

        return distinct

    def test_a_large_difference_is_analysed(self, distinct):
        assert distinct(*((a, y, str(y), None, None) for a, y in _CELLS)) != 1

    @pytest.fixture
    def modified(self, sink, admin, partition, table_of, eventually):
        """Load a table; return how many rows the server counts as written since the last analysis."""

        def modified(fingerprint, *figures):
            sink.write(partition(table_of(*figures), fingerprint))
            sink.close()
            # What a session wrote is counted when it ends, and it ends after its client.
            others = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            eventually(lambda: not rows(admin, others))
            counted = (
                "SELECT n_mod_since_analyze FROM pg_stat_user_tables WHERE relname = 'spending'"
            )
            return rows(admin, counted)[0][0]

        return modified

    def test_the_server_has_no_reason_to_analyse_again(self, modified):
        assert modified("first", *((a, y, "1", None, None) for a, y in _CELLS)) == 0
        assert modified("all", *((a, y, "2", None, None) for a, y in _CELLS)) == 0

    def test_the_server_counts_small_differences(self, modified):
        modified("first", *((a, y, "1", None, None) for a, y in _CELLS))
        some = [(a, y, "2" if y < 1502 else "1", None, None) for a, y in _CELLS]
        assert modified("some", *some) == 4

    def test_a_few_rows_are_analysed_if_all_are_new(self, modified, admin):
        assert modified("first", ("CA", 2023, "1", None, None)) == 0
        assert rows(admin, "SELECT reltuples FROM pg_class WHERE relname = 'spending'") == [(1,)]

    def test_the_analysis_does_not_wait_for_a_locked_table(self, sink, admin, partition, table_of):
        sink.write(partition(table_of(*((a, y, "1", None, None) for a, y in _CELLS))))
        with admin.transaction():
            # As VACUUM and CREATE INDEX CONCURRENTLY do: rows may be written meanwhile.
            admin.execute("LOCK TABLE gold.spending IN SHARE UPDATE EXCLUSIVE MODE")
            second = partition(table_of(*((a, y, "2", None, None) for a, y in _CELLS)), "second")
            assert sink.write(second).updated == len(_CELLS)

    def test_a_load_succeeds_even_if_the_server_refuses_to_analyse(
        self, sink, admin, partition, three_rows
    ):
        admin.execute("CREATE ROLE plain")
        admin.execute("REVOKE EXECUTE ON FUNCTION pg_stat_force_next_flush() FROM PUBLIC")
        with sink._connection.session("becoming somebody who may not") as session:
            admin.execute(f"GRANT ALL ON DATABASE {session.info.dbname} TO plain")
            session.execute("SET ROLE plain")
        try:
            assert sink.write(partition(three_rows)).inserted == 3
            assert len(rows(admin)) == 3
        finally:
            sink.close()
            admin.execute("DROP OWNED BY plain CASCADE")
            admin.execute("DROP ROLE plain")

    def test_a_small_difference_is_left_to_the_server(self, distinct):
        few = set(_CELLS[:50])
        second = ((a, y, "2" if (a, y) in few else "1", None, None) for a, y in _CELLS)
        assert distinct(*second) == 1


_CELLS = [(area, year) for area in ("CA", "NY") for year in range(1500, 2000)]
"""1,000 cells."""
