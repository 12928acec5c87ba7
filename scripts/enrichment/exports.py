"""Exports of other products as extracts: the seed `export_maps` says which field fills what.

A file is read row by row as JSON, whatever its format, so that a map is a list of paths (002-35).
Nothing is judged here: the build refuses rows, and accounts for them.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from enrichment.errors import InputError, shown
from enrichment.paths import PROJECT

SEED = PROJECT / "seeds" / "export_maps.csv"
CLICKERS, OPENERS, BEHAVIOR = "email_clickers", "email_openers", "behavior_events"
FLAGS = ("SEND", "OPEN", "CLICK", "BOUNCE", "COMPLAINT", "UNSUBSCRIBE")
_COLUMNS = {
    CLICKERS: (
        *("EMAIL", "CAMPAIGN_ID", "CLIENT_SHORTNAME", "EVENT_DATE", *FLAGS),
        *("IS_BOT", "EVENT_ID", "LINK"),
    ),
    OPENERS: ("EMAIL", "EVENT_DATE", "CAMPAIGN_ID", "CLIENT_SHORTNAME", "IS_BOT", "EVENT_ID"),
    BEHAVIOR: (
        *("event_id", "email", "svid", "session_id", "event_type", "occurred_at", "source"),
        *("page", "properties", "value"),
    ),
}
"""The columns that are written, in the order of the file."""
_TYPES = {"EVENT_DATE": "timestamp", "IS_BOT": "boolean", "value": "double"}
_RULES = {
    "text": "coalesce({all})",
    "event": "coalesce({all})",
    "event_parts": "array_to_string([{all}], '/')",
    "joined": "nullif(array_to_string([{all}], '-'), '')",
    "number": "try_cast(coalesce({all}) as double)",
    "truth": "coalesce(try_cast(coalesce({all}) as boolean), false)",
    "given": "coalesce({all}) is not null",
    "address": "list_filter([{all}], lambda value: value like '%@%')[1]",
    "voter_id": "list_filter([{all}], lambda value: value not like '%@%')[1]",
    # Without an offset a time is in UTC.
    "utc": "case when regexp_matches(coalesce({all}), '(?:Z|[+-][0-9]{2}:?[0-9]{2})$') "
    "then make_timestamp(epoch_us(try_cast(coalesce({all}) as timestamptz))) "
    "else try_cast(coalesce({all}) as timestamp) end",
    "epoch_seconds": "make_timestamp(cast(try_cast({first} as double) * 1000000 as bigint))",
    "epoch_microseconds": "make_timestamp(try_cast({first} as bigint))",
}
"""The SQL of each rule: ``{all}`` are the values of all paths, ``{first}`` is that of the first."""


@dataclass(frozen=True)
class Line:
    """A line of the seed."""

    platform: str
    extract: str
    kind: str
    given: str
    becomes: str
    rule: str
    is_required: bool

    @property
    def paths(self) -> list[str]:
        """The JSON paths, in the order in which they are tried."""
        return [path.strip() for path in self.given.split(" | ")]

    @property
    def column(self) -> str:
        """The column of the table ``mapped`` that it fills."""
        return "event_name" if self.rule.startswith("event") else self.becomes


@dataclass(frozen=True)
class Written:
    """The fate of a file's rows: the file that was written, and how many rows are where."""

    file: Path
    delivered: int
    written: int
    ignored: int
    unknown: int
    anonymous: int
    unknown_events: tuple[str, ...]


def lines() -> list[Line]:
    """The lines of the seed."""
    with SEED.open(encoding="utf-8", newline="") as rows:
        return [
            Line(
                row["platform"],
                row["extract"],
                row["kind"],
                row["given"],
                row["becomes"],
                row["rule"],
                row["is_required"] == "true",
            )
            for row in csv.DictReader(rows)
        ]


def platforms() -> list[str]:
    """The products whose exports can be read."""
    return sorted({line.platform for line in lines()})


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _value(path: str) -> str:
    """The text at a path; a blank or an absent value is NULL."""
    return f"nullif(trim(json_extract_string(row, {_literal(path)})), '')"


def _reader(file: Path) -> str:
    """The rows of a file as JSON; the file's name is bound."""
    name = file.name.lower().removesuffix(".gz")
    if name.endswith(".csv"):
        return "select to_json(given) as row from read_csv(?, all_varchar = true) as given"
    if name.endswith(".parquet"):
        return "select to_json(given) as row from read_parquet(?) as given"
    if name.endswith((".json", ".jsonl", ".ndjson")):
        return "select json as row from read_json_objects(?, format = 'auto')"
    raise InputError(f"{file.name}: expected a file .json, .jsonl, .ndjson, .csv or .parquet")


def _rows(file: Path, of_platform: Sequence[Line]) -> str:
    """The rows of a file, after its lists are unfolded."""
    sql = _reader(file)
    for line in of_platform:
        if line.kind == "rows":
            for path in line.paths:
                each = _literal(f"{path}[*]")
                # What stands around the list belongs to each of its entries.
                sql = (
                    f"select json_merge_patch(row, unnest(json_extract(row, {each}))) as row "
                    f"from ({sql})"
                )
        elif line.kind == "params":
            kinds = ("string_value", "int_value", "double_value", "float_value")
            values = ", ".join(f"entry ->> '$.value.{kind}'" for kind in kinds)
            entry = f"concat(to_json(entry ->> '$.key'), ':', to_json(coalesce({values})))"
            listed = f"json_extract(row, {_literal(line.given + '[*]')})"
            entries = f"list_transform({listed}, lambda entry: {entry})"
            text = f"concat('{{', array_to_string({entries}, ','), '}}')"
            sql = (
                f"select json_merge_patch(row, json_object({_literal(line.becomes)}, "
                f"cast({text} as json))) as row from ({sql})"
            )
    return sql


def _expression(line: Line) -> str:
    if line.rule == "json":
        return f"cast(json_extract(row, {_literal(line.paths[0])}) as varchar)"
    values = [_value(path) for path in line.paths]
    return _RULES[line.rule].replace("{all}", ", ".join(values)).replace("{first}", values[0])


def _selected(extract: str, of_platform: Sequence[Line], platform: str) -> str:
    """The columns of the extract over ``mapped``, whose columns have their names."""
    filled = {line.becomes for line in of_platform if line.kind == "column"}
    columns = []
    for name in _COLUMNS[extract]:
        if name in FLAGS:
            sql = f"cast(list_contains(string_split(event.becomes, ' '), '{name}') as integer)"
        elif name == "CLIENT_SHORTNAME":
            sql = "getvariable('client')"
        elif name == "source":
            sql = _literal(platform)
        elif name == "event_type":
            # A name without a line may be a type that the site added to the seed event_types.
            own = "trim(regexp_replace(lower(mapped.event_name), '[^a-z0-9]+', '_', 'g'), '_')"
            sql = f"coalesce(event.becomes, {own})"
        elif name == "occurred_at":
            sql = "strftime(mapped.occurred_at, '%Y-%m-%dT%H:%M:%S.%fZ')"
        else:
            sql = f'mapped."{name}"' if name in filled else "null"
        columns.append(f'cast({sql} as {_TYPES.get(name, _type(name))}) as "{name}"')
    return ", ".join(columns)


def _type(name: str) -> str:
    return "integer" if name in FLAGS else "varchar"


def _mapped(con: duckdb.DuckDBPyConnection, file: Path, of_platform: Sequence[Line]) -> None:
    """Makes the table ``mapped``: a row for each row of the export, with the columns of the map."""
    columns = ", ".join(
        f'{_expression(line)} as "{line.column}"' for line in of_platform if line.kind == "column"
    )
    try:
        con.execute(
            f"create temp table mapped as select {columns} from ({_rows(file, of_platform)})",
            [str(file)],
        )
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise InputError(
            f"{file.name}: cannot be read ({type(error).__name__}): is it whole, and is its suffix "
            "right?"
        ) from None


def _check(con: duckdb.DuckDBPyConnection, file: Path, of_platform: Sequence[Line]) -> None:
    """Raises InputError if a field that each row must have is in no row."""
    for line in of_platform:
        if not line.is_required:
            continue
        ((total, found),) = con.execute(
            f"select count(*), count(nullif(cast(\"{line.column}\" as varchar), '')) from mapped"
        ).fetchall()
        if total and not found:
            raise InputError(
                f"{file.name}: no row has a readable {' or '.join(line.paths)}, which fills "
                f"{line.becomes or 'the event'}: is it an export of {line.platform}?"
            )


def convert(
    platform: str, file: Path, folder: Path, client: str | None = None, extract: str | None = None
) -> Written:
    """Writes an export as a file of an extract in ``folder``, the folder of all extracts.

    Raises InputError if the file is missing or not of that product, or if ``client`` is missing.
    """
    known = [line for line in lines() if line.platform == platform]
    if not known:
        raise InputError(
            f"there is no map for {shown(platform)}: expected {', '.join(platforms())}"
        )
    if not file.is_file():
        raise InputError(f"there is no file {file}")
    own = known[0].extract
    into = extract or own
    if into != own and (own, into) != (CLICKERS, OPENERS):
        raise InputError(f"--into {shown(into)}: exports of {platform} go into {own}")
    if own == CLICKERS and not client:
        raise InputError(f"--client NAME is missing: an export of {platform} does not name it")
    with duckdb.connect() as con:
        con.execute("set variable client = ?", [client])
        _mapped(con, file, known)
        _check(con, file, known)
        con.execute("create temp table events (given varchar, becomes varchar)")
        pairs = [(line.given, line.becomes) for line in known if line.kind == "event"]
        con.executemany("insert into events values (?, ?)", pairs)
        return _write(con, file, folder, known, into)


def _write(
    con: duckdb.DuckDBPyConnection,
    file: Path,
    folder: Path,
    known: Sequence[Line],
    into: str,
) -> Written:
    platform = known[0].platform
    people = ("email", "svid") if into == BEHAVIOR else ("EMAIL",)
    somebody = f"coalesce({', '.join(people)}) is not null"
    unknown = "event.becomes is null" if into != BEHAVIOR else "false"
    ignored = "event.becomes = 'ignored'"
    if into == OPENERS:
        ignored = "event.becomes <> 'OPEN'"
    # Each row is in one place: ignored, unknown, without a person, or written.
    con.execute(
        "create temp table judged as select mapped.*, event.becomes, case "
        f"when {ignored} then 'ignored' when {unknown} then 'unknown' "
        f"when not ({somebody}) then 'anonymous' else 'written' end as place "
        "from mapped left join events as event on mapped.event_name = event.given"
    )
    places = dict(con.execute("select place, count(*) from judged group by place").fetchall())
    names = con.execute(
        "select distinct event_name from judged where place = 'unknown' order by 1 limit 5"
    ).fetchall()
    target = folder / into / f"{platform}-{_digest(file)}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    part.touch(mode=0o600)
    selected = _selected(into, known, platform)
    con.execute(
        f"copy (select {selected} from judged as mapped "
        "left join events as event on mapped.event_name = event.given "
        f"where place = 'written') to {_literal(str(part))} (format parquet)"
    )
    part.chmod(0o600)
    part.replace(target)
    return Written(
        target,
        delivered=sum(places.values()),
        written=places.get("written", 0),
        ignored=places.get("ignored", 0),
        unknown=places.get("unknown", 0),
        anonymous=places.get("anonymous", 0),
        unknown_events=tuple(name for (name,) in names),
    )


def _digest(file: Path) -> str:
    """Names the content: the same export twice is one file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:12]


def report(done: Written) -> Iterator[str]:
    """What became of the rows, in lines for a person."""
    yield f"{done.file}: {done.written:,} of {done.delivered:,} rows"
    if done.ignored:
        yield f"{done.ignored:,} rows are events that no extract needs"
    if done.anonymous:
        yield f"{done.anonymous:,} rows name no person"
    if done.unknown:
        names = ", ".join(shown(name) for name in done.unknown_events)
        yield f"{done.unknown:,} rows are events without a line in the seed export_maps: {names}"
