"""How well the rules about machines find the machines of the sample, against its truth."""

from pathlib import Path

import duckdb
import pytest

from sample_data.pairs import opened

# Kinds that the rules are made for; a slow scanner looks like a person.
FOUND = {
    "gateway": {"fast_click", "burst_clicks", "burst_links"},
    "late_gateway": {"burst_clicks"},
    "link_walker": {"burst_links"},
    "queue": {"burst_campaigns"},
    "proxy": {"proxy_open"},
}


@pytest.fixture(scope="module")
def con(sample_extracts: Path, sample_database: Path) -> duckdb.DuckDBPyConnection:
    """The kept rows with what the rules say and what is true."""
    con = opened(sample_database)
    con.execute(f"""
        create temp table judged as
        select
            kept.*,
            machine_rows.machine_reason,
            truth.machine,
            count(*) filter (kept.opens > 0) over by_address as opens_of_address,
            count(distinct kept.campaign_id) over by_address as campaigns_of_address
        from events.fct_kept_email_rows as kept
        left join events.fct_machine_rows as machine_rows
            using (source_file, source_row_number)
        left join '{sample_extracts}/truth/machines.parquet' as truth using (event_id)
        window by_address as (partition by kept.email_key, truth.machine)
    """)
    return con


def test_no_person_of_the_sample_is_a_machine(con: duckdb.DuckDBPyConnection) -> None:
    """Precision: what the rules find without the sender's flag is a machine."""
    (found, right), = con.execute("""
        select count(*), count(machine) from judged
        where machine_reason is not null and machine_reason <> 'sender_flag'
    """).fetchall()  # fmt: skip
    assert found > 300
    assert right / found > 0.99


@pytest.mark.parametrize("machine", FOUND)
def test_machines_of_the_sample_are_found(con: duckdb.DuckDBPyConnection, machine: str) -> None:
    """Recall: nearly every row, where a history is long enough for the rule."""
    rows = con.execute(
        """
        select machine_reason from judged
        where
            machine = ?
            and (machine <> 'proxy' or opens_of_address > 4)
            and (machine <> 'queue' or campaigns_of_address > 2)
        """,
        [machine],
    ).fetchall()
    reasons = [reason for (reason,) in rows]
    assert reasons
    assert set(reasons) - {None} <= FOUND[machine]
    assert sum(reason is not None for reason in reasons) / len(reasons) > 0.95


def test_a_slow_scanner_passes_for_a_person(con: duckdb.DuckDBPyConnection) -> None:
    """One click, some seconds later: the rules say nothing rather than accuse a person."""
    (found,) = con.execute("""
        select count(*) = 0 from judged
        where machine = 'slow_scanner' and machine_reason is not null
    """).fetchone() or (None,)
    assert found
