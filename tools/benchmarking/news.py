"""A made-up day of news: new files beside the files of existing extracts.

One row in a thousand of the events, the gifts and the map comes again, with a new id and a time on
the day after the last; one in twenty is up to three days late. So addresses and phones come back as
often as before. Half of the map's rows are known pairs, three in ten join a known phone and a known
address for the first time, the rest belong to unknown people.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarking.setting import link

if TYPE_CHECKING:
    import datetime

    import duckdb

ONE_IN = 1_000
LATE_SHARE = 0.05
LATE_DAYS = 3
NEWS = "news-0001.parquet"
BESIDE_THE_EXTRACTS = {"truth", ".making"}


def make_day(
    extracts: Path, out: Path, last_day: datetime.date, *, with_people: bool
) -> dict[str, int]:
    """Writes ``out``: links to all files of ``extracts``, and a day's news; rows by table.

    ``last_day`` is the day before the news. ``with_people`` also delivers the person file again:
    some voters (one in a thousand, at least three) have another e-mail address, some a new cell
    phone, and as many are new; their addresses and phones have a history in the other extracts.
    """
    import duckdb

    shutil.rmtree(out, ignore_errors=True)
    replaced = {"person"} if with_people else set()
    for folder in sorted(extracts.iterdir()):
        if folder.is_dir() and folder.name not in BESIDE_THE_EXTRACTS:
            (out / folder.name).mkdir(parents=True)
            if folder.name not in replaced:
                link(folder.glob("*.parquet"), out / folder.name)
    with duckdb.connect() as con:
        con.execute("set variable day = ?", [last_day])
        con.execute("set variable day = getvariable('day') + 1")
        rows = {
            table: _write(con, _news(con, extracts, table), out / table / NEWS)
            for table in ("email_clickers", "donations", "list_link_phone_email_map")
        }
        if with_people:
            rows |= _people(con, extracts, out)
    return rows


def _write(con: duckdb.DuckDBPyConnection, query: str, file: Path) -> int:
    quoted = str(file).replace("'", "''")
    written = con.execute(f"copy ({query}) to '{quoted}' (format parquet, compression zstd)")
    return int(written.fetchall()[0][0])


def _read(extracts: Path, table: str, options: str = "") -> str:
    files = str(extracts / table / "*.parquet").replace("'", "''")
    return f"read_parquet('{files}'{options})"


def _types(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, tuple[str, str]]:
    """Name and type of each column, by its name in capitals."""
    found = con.execute(f"describe select * from {relation}").fetchall()
    return {name.upper(): (name, kind) for name, kind, *_ in found}


def _news(con: duckdb.DuckDBPyConnection, extracts: Path, table: str) -> str:
    """The query of a day's rows of one table, with the columns and types of the extract."""
    types = _types(con, _read(extracts, table))
    new = {
        "EVENT_DATE": _moved("EVENT_DATE"),
        "DONATION_DATE": _moved("DONATION_DATE"),
        "EVENT_ID": "'news-' || EVENT_ID",
        "DONATION_ID": "'news-' || DONATION_ID",
    }
    if table == "list_link_phone_email_map":
        new = {
            "CONTACT_NUMBER": "case when draw(8) < 0.8 then cast(CONTACT_NUMBER as varchar)"
            " else cast(2002000000 + cast(floor(7900000000 * draw(7)) as bigint) as varchar) end",
            "EMAIL": "case when draw(8) < 0.5 then EMAIL"
            " when draw(8) < 0.8 then lag(EMAIL, 1, EMAIL) over (order by draw(6))"
            " else 'news.' || EMAIL end",
            "FIRST_COHORT_AT": "case when draw(8) < 0.5 then cast(FIRST_COHORT_AT as timestamp)"
            " else cast(getvariable('day') as timestamp) end",
            "LAST_COHORT_AT": "cast(getvariable('day') as timestamp)",
        }
    columns = ", ".join(
        f'cast({new[key]} as {kind}) as "{name}"' if key in new else f'"{name}"'
        for key, (name, kind) in types.items()
    )
    con.execute("""
        create or replace macro draw_of(file, number, salt) as
            (hash(parse_filename(file), number, salt) >> 11) / 9007199254740992.0
    """)
    columns = columns.replace("draw(", "draw_of(news_file, news_number, ")
    source = _read(extracts, table, ", filename = 'news_file', file_row_number = true")
    return (
        f"select {columns} from (select *, file_row_number as news_number from {source}"
        f" where draw_of(news_file, file_row_number, 1) < 1.0 / {ONE_IN})"
    )


def _moved(column: str) -> str:
    """A time of the same hour on the day of the news, or a few days late."""
    return (
        f"cast(getvariable('day') as timestamp)"
        f" - to_days(case when draw(2) < {LATE_SHARE}"
        f" then 1 + cast(floor({LATE_DAYS} * draw(3)) as integer) else 0 end)"
        f" + (cast({column} as timestamp) - date_trunc('day', cast({column} as timestamp)))"
    )


def _people(con: duckdb.DuckDBPyConnection, extracts: Path, out: Path) -> dict[str, int]:
    """Writes the person file again, and the custom fields of new persons."""
    person, fields = _read(extracts, "person"), _read(extracts, "person_custom_field")
    _, id_kind = _types(con, person)["ID"]
    con.execute(f"""
        create or replace temp table chosen as
        with persons as (
            select id, row_number() over (order by hash(id, 'news')) as turn
            from {person}
            where id is not null
            group by id
            having count(*) = 1
        ),
        sized as (
            select greatest(3, count(*) // {ONE_IN}) as people from persons
        ),
        addresses as (
            select email, row_number() over (order by hash(email)) as turn
            from (
                select distinct email
                from {_read(extracts, "email_clickers")}
                where hash(email) % 97 < 4 and email like '_%@_%.__%'
                    and lower(trim(email)) not in (
                        select lower(trim(email)) from {person} where email is not null
                    )
            )
        ),
        phones as (
            select
                contact_number as phone,
                row_number() over (order by hash(contact_number)) as turn
            from (
                select distinct cast(contact_number as varchar) as contact_number
                from {_read(extracts, "list_link_phone_email_map")}
                where hash(contact_number) % 9973 < 40
                    and regexp_full_match(cast(contact_number as varchar), '[2-9][0-9]{{9}}')
            )
        )
        select
            persons.id,
            persons.turn,
            case
                when persons.turn <= sized.people then 'new_email'
                when persons.turn <= 2 * sized.people then 'new_phone'
                else 'new_person'
            end as news,
            addresses.email,
            phones.phone
        from persons
        cross join sized
        left join addresses on addresses.turn = persons.turn
        left join phones on phones.turn = persons.turn
        where persons.turn <= 3 * sized.people
    """)
    names = [name for name, _ in _types(con, person).values()]
    new_id = (
        "'news-' || cast(chosen.turn as varchar)"
        if id_kind == "VARCHAR"
        else f"(select max(id) from {person}) + chosen.turn"
    )

    def row(values: dict[str, str]) -> str:
        return ", ".join(
            f'{values.get(name.lower(), f"known.{name}")} as "{name}"' for name in names
        )

    changed = {
        "email": "case when chosen.news = 'new_email' then chosen.email else known.email end",
        "cell_phone": "case when chosen.news = 'new_phone' then cast(chosen.phone as varchar)"
        " else cast(known.cell_phone as varchar) end",
    }
    added = {"id": f"cast({new_id} as {id_kind})", "email": "chosen.email"}
    added["cell_phone"] = "cast(chosen.phone as varchar)"
    rows = _write(
        con,
        f"select {row(changed)} from {person} as known left join chosen on chosen.id = known.id"
        f" union all select {row(added)} from {person} as known"
        " inner join chosen on chosen.id = known.id where chosen.news = 'new_person'",
        out / "person" / NEWS,
    )
    kinds = _types(con, fields)
    more = _write(
        con,
        f"""
        select
            cast({new_id} as {kinds["PERSON_ID"][1]}) as "{kinds["PERSON_ID"][0]}",
            known.custom_field_id as "{kinds["CUSTOM_FIELD_ID"][0]}",
            case
                when lower(trim(naming.name)) = 'state_voter_id'
                    then 'N' || lpad(cast(chosen.turn as varchar), 8, '0')
                else known.value
            end as "{kinds["VALUE"][0]}"
        from {fields} as known
        inner join chosen
            on cast(chosen.id as varchar) = cast(known.person_id as varchar)
            and chosen.news = 'new_person'
        inner join {_read(extracts, "custom_field")} as naming
            on cast(naming.id as varchar) = cast(known.custom_field_id as varchar)
        """,
        out / "person_custom_field" / NEWS,
    )
    counted = con.execute(
        "select news, count(*) from chosen group by news order by news"
    ).fetchall()
    return {"person": rows, "person_custom_field": more, **dict(counted)}
