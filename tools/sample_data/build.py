"""Write the extracts of a world, in chunks, on two cores."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import duckdb

from sample_data import channels, hazards, machines, planted, programs, requests, world

WORKERS = 2
ROWS_PER_FILE = 8_000_000
STAGE = ".making"  # a folder inside the output folder; it marks an incomplete sample

Log = Callable[[str], None]
Job = tuple[Path, str]


class Writer:
    """Runs queries on `WORKERS` connections of one database and writes each to a Parquet file.

    Each query runs on one thread, so that the order of rows, and with it every byte, repeats.
    """

    def __init__(self, out: Path, log: Log) -> None:
        self.out = out
        self.log = log
        self.con = duckdb.connect(":memory:")
        spill = out / STAGE / "spill"
        self.con.execute("set threads = 1")
        self.con.execute("set memory_limit = '5GB'")
        self.con.execute(f"set temp_directory = '{_quoted(spill)}'")
        self.con.execute("set enable_progress_bar = false")

    def write(self, jobs: Iterable[Job]) -> int:
        """Write each (file below the output folder, query); returns the number of rows."""

        def run(job: Job) -> int:
            path, query = self.out / job[0], job[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            with self.con.cursor() as cursor:
                row = cursor.execute(
                    f"copy ({query}) to '{_quoted(path)}'"
                    " (format parquet, compression zstd, compression_level 1)"
                ).fetchone()
            return int(row[0]) if row else 0

        with ThreadPoolExecutor(WORKERS) as pool:
            return sum(pool.map(run, jobs))

    def number(self, query: str) -> float:
        """The single number that `query` returns, 0 for NULL."""
        row = self.con.execute(query).fetchone()
        return float(row[0]) if row and row[0] is not None else 0.0


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _part(table: str, number: int) -> Path:
    return Path(table) / f"part-{number:04d}.parquet"


def _spans(total: int, size: int) -> list[tuple[int, int]]:
    """Consecutive (first, count) of at most `size`, together `total`."""
    return [(first, min(size, total - first)) for first in range(0, total, size)]


def _periods(writer: Writer, kind: str, rows: int, least: int) -> list[tuple[str, str]]:
    """Spans of days [since, before) that hold about equally many of `rows`, oldest first."""
    parts = max(least, -(-rows // ROWS_PER_FILE))
    slots = ", ".join(str(n * world.SLOTS // parts) for n in range(1, parts))
    days = writer.con.execute(
        f"select distinct strftime(day, '%Y-%m-%d') as day from calendar_slot"
        f" where kind = '{kind}' and slot in ({slots}) order by day"
    ).fetchall()
    edges = ["2000-01-01", *(str(day[0]) for day in days), "2100-01-01"]
    return list(pairwise(edges))


def _stage_sends(writer: Writer, size: world.Size, event_rows: int) -> tuple[int, int]:
    """Stage all sends, so that the export has `event_rows` rows.

    Returns how many strangers get mail and the stride of their addresses.
    """
    stage = Path(STAGE) / "sends"
    glob = _quoted(writer.out / stage / "*.parquet")
    writer.write([(stage / "voters.parquet", world.sends(hazards.CALMED))])
    wanted = event_rows - int(
        writer.number(f"select sum(length(kinds)) from read_parquet('{glob}')")
    )
    # Strangers get about 16 rows each; their addresses are spread over all those of the map.
    addresses = size.list_link_phone_email_map // 10 * 7
    stride = max(1, addresses // (wanted // 13 + 1))

    def strangers(first: int, count: int) -> str:
        return world.sends(world.outcomes(world.stranger_source(first, count, stride), size))

    probe = min(100_000, wanted // 16 + 1)
    mean = writer.number(f"select sum(length(kinds)) from ({strangers(0, probe)})") / probe
    body = int(0.95 * wanted / mean)
    writer.write(
        (stage / f"strangers-{first:012d}.parquet", strangers(first, count))
        for first, count in _spans(body, int(ROWS_PER_FILE / mean))
    )
    wanted = event_rows - int(
        writer.number(f"select sum(length(kinds)) from read_parquet('{glob}')")
    )
    # The last addresses are counted one by one, so that the total is right at every scale.
    last = int(1.5 * wanted / mean) + 100
    writer.con.execute(f"create or replace table last_sends as {strangers(body, last)}")
    writer.con.execute(f"""
        create or replace table last_addresses as
        select addr
        from (
            select addr, sum(sum(length(kinds))) over (order by addr) as upto
            from last_sends
            group by addr
        )
        where upto <= {wanted}
        order by addr
    """)
    writer.write([(
        stage / "strangers-last.parquet",
        "select * from last_sends where addr in (select addr from last_addresses)"
        " order by slot",
    )])  # fmt: skip
    return body + int(writer.number("select count(*) from last_addresses")), stride


def _stage_gifts(
    writer: Writer, donation_rows: int, addresses: int, mailed: int, stride: int
) -> None:
    """Stage all gifts, so that the export has about `donation_rows` rows."""
    stage = Path(STAGE) / "gifts"
    glob = _quoted(writer.out / stage / "*.parquet")
    sends = _quoted(writer.out / STAGE / "sends")
    caused = [
        world.caused_gifts(f"read_parquet('{sends}/{name}.parquet')")
        for name in ("voters", "strangers-*")
    ]
    writer.con.execute(hazards.first_gifts(caused[0]))
    own = [
        (stage / f"strangers-{first:012d}.parquet",
         world.own_gifts(world.stranger_source(first, count, stride)))
        for first, count in _spans(mailed, 1_000_000)
    ]  # fmt: skip
    writer.write([
        (stage / "caused.parquet", caused[1]),
        (stage / "voters.parquet", "select * from voter_gift order by gift_at, gift_key"),
        *own,
    ])  # fmt: skip
    details = world.GIFT_DETAILS.replace("from gift", f"from read_parquet('{glob}') as gift")
    left = donation_rows - writer.number(f"select sum(length(kinds)) from ({details})")
    others = max(0, round(left / 1.015))
    writer.write([(stage / "others.parquet", world.stranger_gifts(others, addresses))])


def _write_ledger(writer: Writer) -> int:
    """Write the messages that were handed over, a file a hand-over; returns their number."""
    folder = writer.out / "handovers"
    folder.mkdir(parents=True, exist_ok=True)
    moments = writer.con.execute(
        "select coalesce(trigger, experiment) as program, handed_over_at, count(*)"
        f" from ({programs.HANDOVERS}) group by all order by all"
    ).fetchall()
    for program, handed_over_at, _ in moments:
        file = folder / f"{handed_over_at:%Y-%m-%d}-{program}.csv"
        writer.con.execute(
            f"copy (select * from ({programs.HANDOVERS}) where coalesce(trigger, experiment) = ?"
            f" and handed_over_at = ? order by message_key) to '{_quoted(file)}' (header)",
            [program, handed_over_at],
        )
        file.chmod(0o600)
        programs.named_by_content(file)
    return sum(int(rows) for *_, rows in moments)


def build(
    out: Path,
    scale: float,
    seed: int,
    voters: int | None,
    log: Log,
    *,
    shape: str = "usual",
    corner_cases: bool = False,
    ledger: bool = False,
) -> dict[str, int]:
    """Write all extracts and `truth/` below `out`; returns the rows of each extract.

    Leaves its stage folder in place: until it is removed, the extracts count as incomplete.
    """
    size = world.Size.of(scale, voters)
    writer = Writer(out, log)
    con = writer.con
    cast = planted.cast() if corner_cases else planted.Cast()
    planted.load(con, cast)
    left = {table: count - len(cast.rows.get(table, ())) for table, count in asdict(size).items()}
    # One person in two hundred has two rows; so has one campaign in a hundred, minus unlisted ones.
    persons = round(left["person"] / 1.005)
    left["campaigns"] -= len(programs.EXPERIMENTS)
    sms = left["campaigns"] // 12
    mailings = round((left["campaigns"] - sms) / 1.007)
    addresses = size.list_link_phone_email_map // 10 * 7

    log(f"planning {persons} persons, {size.clients} clients, {mailings} mailings")
    for statement in (
        world.macros(seed, shape),
        channels.MACROS,
        world.calendar(),
        world.clients(size, mailings),
        world.voters(persons),
        world.voter_map(),
        world.custom_fields(),
    ):
        con.execute(statement)

    log("deciding who acts")
    means = channels.rows_of(size.channels, persons)
    voters_sends = world.outcomes(world.voter_source(), size)
    for statement in (
        hazards.MACROS,
        hazards.QUIET,
        f"create or replace table voter_outcome as {voters_sends} order by slot",
        hazards.GIVING,
        channels.people(persons),
        hazards.acts(means),
        *map(hazards.fall_quiet, reversed(range(hazards.QUIET_PERIODS))),
        hazards.SEEN,
        programs.MACROS,
        programs.tables(),
    ):
        con.execute(statement)

    rows = {"custom_field": writer.write([(
        _part("custom_field", 1), "select id, name from field order by id"
    )])}  # fmt: skip
    jobs: dict[str, list[Job]] = {
        "person": [(_part("person", 1), world.person_rows())],
        "person_custom_field": [(
            _part("person_custom_field", 1),
            world.field_rows(left["person_custom_field"], persons),
        )],
        "campaigns": [
            (_part("campaigns", 1), world.campaign_rows(sms)),
            (Path("campaigns") / "experiments.parquet", programs.CAMPAIGNS),
        ],
    }  # fmt: skip

    log("sending mail")
    letters = int(writer.number(f"select count(*) from ({programs.EMAIL_EVENTS})"))
    mailed, stride = _stage_sends(writer, size, left["email_clickers"] - letters)
    log("collecting gifts")
    _stage_gifts(writer, left["donations"], addresses, mailed, stride)

    sends = _quoted(out / STAGE / "sends" / "*.parquet")
    gifts = _quoted(out / STAGE / "gifts" / "*.parquet")
    jobs["email_clickers"] = [
        (_part("email_clickers", number), world.event_rows(sends, since, before))
        for number, (since, before) in enumerate(
            _periods(writer, "sending", size.email_clickers, 6), start=1
        )
    ]
    con.execute(machines.visits(sends))
    jobs["email_clickers"].append((Path("email_clickers") / "machines.parquet", machines.ROWS))
    jobs["email_clickers"].append(
        (Path("email_clickers") / "experiments.parquet", programs.EMAIL_EVENTS)
    )
    jobs["donations"] = [
        (_part("donations", number), world.donation_rows(gifts, since, before))
        for number, (since, before) in enumerate(
            _periods(writer, "giving", size.donations, 3), start=1
        )
    ]
    linked = left["list_link_phone_email_map"] - int(
        writer.number("select count(*) from voter_map")
    )
    spans = _spans(linked, ROWS_PER_FILE)
    jobs["list_link_phone_email_map"] = [
        (_part("list_link_phone_email_map", number),
         world.map_rows(first, count, number - 1, len(spans)))
        for number, (first, count) in enumerate(spans, start=1)
    ]  # fmt: skip
    con.execute(channels.visits(means["web_visits"]))
    for table, query in channels.queries(means, sends).items():
        jobs[table] = [(_part(table, 1), query)]
    jobs["behavior_events"].append((Path("behavior_events") / "forms.parquet", programs.WEB_EVENTS))
    if ledger:
        jobs |= {table: [(_part(table, 1), query)] for table, query in programs.LISTS.items()}
        rows["handovers"] = _write_ledger(writer)
    for table, query in requests.queries().items():
        jobs[table] = [(_part(table, 1), query)]
    for table, queries in jobs.items():
        log(f"writing {table}")
        if corner_cases and table in planted.COLUMNS:
            queries.append((_part(table, 0), f"select * from planted_{table}"))
        rows[table] = writer.write(queries)
        if rows[table] == 0:  # a table without rows is no extract
            del rows[table]
            shutil.rmtree(out / table)
            continue
        log(f"wrote {rows[table]} rows of {table}")

    log("writing truth")
    con.execute(hazards.chances(means))
    truth = {
        **world.TRUTH,
        **hazards.TRUTH,
        **requests.TRUTH,
        **programs.TRUTH,
        **channels.TRUTH,
        "machines": machines.TRUTH,
        "client_preferences": world.preference_truth(size),
        "donation_causes": world.cause_truth(gifts),
        "planted_rows": "select * from planted_rows order by all",
        "planted_traps": "select * from planted_traps order by all",
    }
    writer.write((Path("truth") / f"{name}.parquet", query) for name, query in truth.items())
    con.close()
    return rows
