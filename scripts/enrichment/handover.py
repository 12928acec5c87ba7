"""Hands proposed messages over: a list for the sender, and the ledger that says so.

A build proposes (``marts.trigger_executions`` and ``marts.experiment_messages``); a hand-over
commits. The ledger is written before
the list appears, so that no message is handed over twice: a command that is killed in between has
handed over messages whose list ``--resume`` writes again. Nothing here sends anything, and no
message is chosen here.
"""

from __future__ import annotations

import csv
import datetime
import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enrichment import audit, ledger
from enrichment.database import BUILD, Database, Query, identifier
from enrichment.errors import DatabaseError, InputError, shown
from enrichment.output import private_folder, sweep
from enrichment.paths import data_folder, database_file, is_ours, resolved
from enrichment.publish import in_one_go
from enrichment.serialize import FORMULA

CHANNELS = (
    *("email", "sms", "phone"),
    *("assign_agent", "create_task", "add_tag", "update_score"),
)
"""The channels of messages, and the actions that are none."""

LIST, MANIFEST = "list.csv", "manifest.json"

_RULES = {
    "plain": "{}",
    "upper": "upper({})",
    "lower": "lower({})",
    "e164": "'+1' || {}",
}
_FIELDS = {
    "message_key": "message_key",
    "trigger": '"trigger"',
    "experiment": "experiment",
    "arm": "arm",
    "template": "template",
    "slots": "slots",
    "state": "state",
    "svid": "svid",
    "email": "email",
    "phone": "phone",
    "send_from_utc": "send_from_utc",
    "send_until_utc": "send_until_utc",
    "expires_at": "expires_on",
}
_PHONE = re.compile(r"\+1\d{10}")
_REQUESTS = ("suppressions", "erasure_requests", "consents")
_ORDER = 'priority desc nulls last, due_at nulls last, "trigger", entry_key, state, svid, step'


@dataclass(frozen=True)
class What:
    """The messages to hand over: the triggers' messages of a channel, or those of an experiment."""

    channel: str
    experiment: str | None = None

    @property
    def stem(self) -> str:
        """The end of a ledger file's stem. A channel has no full stop in it."""
        return f"-experiment.{self.experiment}-" if self.experiment else f"-{self.channel}-"

    @property
    def words(self) -> str:
        """How messages speak of it."""
        return f"the experiment {self.experiment}" if self.experiment else self.channel

    @property
    def group(self) -> str:
        """The column by which the manifest counts."""
        return "arm" if self.experiment else '"trigger"'

    def rows(self, database: Database) -> Query:
        """The rows of its mart, with equal columns for both."""
        if self.experiment is None:
            executions = database.relation("marts", "trigger_executions")
            return Query(
                "select *, cast(null as varchar) as experiment, cast(null as varchar) as arm "
                f"from {executions} where channel = ?",
                (self.channel,),
            )
        messages = database.relation("marts", "experiment_messages")
        return Query(
            'select *, cast(null as varchar) as "trigger", 0 as priority, null as due_at, '
            "cast(null as varchar) as entry_key, cast(null as bigint) as step "
            f"from {messages} where experiment = ?",
            (self.experiment,),
        )


@dataclass(frozen=True)
class Place:
    """Where a list goes: a new folder with both files, or the file and a manifest beside it."""

    list: Path
    manifest: Path
    folder: Path | None

    @property
    def parent(self) -> Path:
        """The folder that exists already."""
        return (self.folder or self.list).parent


def lists_folder() -> Path:
    """The folder of lists, beside the published database: a folder a hand-over."""
    return database_file().parent / "handed_over"


def hand_over(
    channel: str | None, experiment: str | None, form: str, out: str | None, *, resume: bool
) -> None:
    """Writes the list of a channel, or of an experiment's arms, and the ledger.

    Raises InputError for an unknown channel, experiment or format, a ledger that is not whole, a
    build that does not know the whole ledger, the newest requests or the definitions as they are,
    and a hand-over that was done already.
    """
    if (channel is None) == (experiment is None):
        raise InputError("give either --channel or --experiment")
    if channel is not None and channel not in CHANNELS:
        raise InputError(f"--channel {shown(channel)}: expected one of {', '.join(CHANNELS)}")
    with _locked(), Database(private=True) as database:
        sweep(lists_folder())
        what = _experiment(database, experiment) if experiment else What(str(channel))
        columns = _columns(database, form, what.channel)
        files = ledger.files()
        unknown = _unknown_files(database, files)
        if resume:
            stem, written, rows = _last(files, what)
            place = _place(out, stem, resume=True)
            _refuse_whole_list(place, written)
            _keep_people(database, what, rows)
        else:
            _refuse_old_build(database, unknown)
            _refuse_other_definitions(database, what)
            now = datetime.datetime.now(datetime.UTC).replace(microsecond=0, tzinfo=None)
            stem = f"{now:%Y%m%dT%H%M%SZ}{what.stem}"
            written = None
            _keep_people(database, what, None)
            # Before the place: a second hand-over within a second would have the same one.
            _refuse_repeats(database, what, unknown)
            place = _place(out, stem, resume=False)
        _commit(database, what, form, columns, stem, place, written)


def _experiment(database: Database, name: str) -> What:
    """An experiment whose arms have messages, with their channel."""
    messages = database.relation("marts", "experiment_messages")
    found = dict(
        database.all_rows(
            Query(f"select distinct experiment, channel from {messages} order by all")
        )
    )
    if name not in found:
        known = f"expected one of {', '.join(found)}" if found else "there is none"
        raise InputError(
            f"--experiment {shown(name)}: no experiment of that name has messages on the day of "
            f"the build; {known}. An experiment has messages from its start to its end, if its "
            "arms name templates"
        )
    return What(found[name], name)


def _columns(database: Database, form: str, channel: str) -> list[tuple[str, str]]:
    """The headers of a format and the SQL of each."""
    seed = database.relation("seeds", "esp_formats")
    found = database.all_rows(
        Query(
            f"select esp, column_name, from_field, rule from {seed} "
            "where channel in (?, 'any') order by esp, sort_order",
            (channel,),
        )
    )
    forms = sorted({esp for esp, *_ in found})
    if form not in forms:
        raise InputError(
            f"--format {shown(form)}: expected one of {', '.join(forms)} for {channel} "
            "(seed esp_formats)"
        )
    return [
        (column, _RULES[rule or "plain"].format(_FIELDS[field]))
        for esp, column, field, rule in found
        if esp == form
    ]


def _unknown_files(database: Database, files: list[Path]) -> list[Path]:
    """The files of the ledger that the build has not read."""
    known = {
        ledger.stem_of(name.rpartition("/")[2])
        for (name,) in database.all_rows(
            Query(
                f"select source_file from {database.relation('marts', 'input_files')} "
                "where source_table = ?",
                (ledger.TABLE,),
            )
        )
    }
    return [path for path in files if ledger.stem_of(path.name) not in known]


def _refuse_old_build(database: Database, unknown: list[Path]) -> None:
    """Raises InputError if the ledger or a request is newer than the build."""
    build_id = _build(database)["build_id"]
    for path in unknown:
        if path.suffix != ".csv" or {row.get("build_id") for row in ledger.rows(path)} != {
            build_id
        }:
            raise InputError(
                f"{ledger.TABLE}/{path.name} was handed over after the published build was made: "
                f"{BUILD}"
            )
    known = set(
        database.all_rows(
            Query(
                "select source_table, source_file, size_bytes "
                f"from {database.relation('marts', 'input_files')}"
            )
        )
    )
    for table in _REQUESTS:
        root = data_folder() / table
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            is_data = path.name.lower().endswith((".csv", ".csv.gz", ".parquet"))
            if not is_data or path.name.startswith((".", "_")) or not path.is_file():
                continue
            name = path.relative_to(root).as_posix()
            if (table, name, path.stat().st_size) not in known:
                raise InputError(
                    f"{table}/{name} is newer than the published build, and may name somebody who "
                    f"must not be contacted: {BUILD}"
                )


_TABLES = {
    "trigger": {
        "triggers": "triggers",
        "trigger_steps": "trigger_steps",
        "trigger_events": "trigger_events",
    },
    "experiment": {"experiments": "experiment_terms", "experiment_arms": "arm_terms"},
}
"""By kind of definition: models of staging, and the tables that they are of."""


def _refuse_other_definitions(database: Database, what: What) -> None:
    """Raises InputError if a definition has changed since the build: it may have been paused."""
    from enrichment.definitions.load import load, rows

    kind = "experiment" if what.experiment else "trigger"
    made = rows(load())
    pairs = [
        (
            Query(f"select * from {database.relation('staging', f'stg_definitions__{model}')}"),
            set(made[table]),
        )
        for model, table in _TABLES[kind].items()
    ]
    built = database.relation("staging", "stg_definitions__definitions")
    pairs.append(
        (
            Query(f"select name, status from {built} where kind = ?", (kind,)),
            {(row[1], row[5]) for row in made["definitions"] if row[0] == kind},
        )
    )
    if any(set(database.all_rows(query)) != expected for query, expected in pairs):
        raise InputError(f"the {kind}s have changed since the published build: {BUILD}")


def _refuse_repeats(database: Database, what: What, unknown: list[Path]) -> None:
    """Raises InputError if one of the messages is in the ledger already."""
    done = {row.get("message_key"): path for path in unknown for row in ledger.rows(path)}
    proposed = database.all_rows(Query("select message_key from temp.proposed"))
    for (key,) in proposed:
        if key in done:
            raise InputError(
                f"{what.words} of this build was handed over already ({ledger.TABLE}/"
                f"{done[key].name}): {BUILD}, or write its list again with --resume"
            )


def _last(files: list[Path], what: What) -> tuple[str, Path, list[dict[str, str]]]:
    """The last hand-over of its kind: the stem of its name, its file, its rows."""
    for path in reversed(files):
        if path.suffix == ".csv" and ledger.stem_of(path.name).endswith(what.stem):
            return ledger.stem_of(path.name), path, ledger.rows(path)
    raise InputError(f"--resume: nothing of {what.words} was handed over yet")


def _place(out: str | None, stem: str, *, resume: bool) -> Place:
    """Where the list goes. Raises InputError if it cannot, or if a file is there."""
    if out is None:
        lists_folder().mkdir(mode=0o700, exist_ok=True)
        folder = lists_folder() / stem.rstrip("-")
    else:
        given = resolved(out, "--out")
        if is_ours(given):
            raise InputError(f"--out {given}: this path belongs to the database or the extracts")
        if not given.parent.is_dir():
            raise InputError(f"--out: there is no folder {given.parent}; make it first")
        if given.suffix == ".csv":
            place = Place(given, given.with_name(MANIFEST), None)
            for file in (place.list, place.manifest):
                if file.exists() and not resume:
                    raise InputError(f"--out: {file} is there already; name another")
            return place
        folder = given / stem.rstrip("-") if given.is_dir() else given
    if folder.exists() and not resume:
        raise InputError(f"--out: {folder} is there already; name another")
    return Place(folder / LIST, folder / MANIFEST, folder)


def _refuse_whole_list(place: Place, written: Path) -> None:
    """Raises InputError if the list of a hand-over is where it belongs, whole."""
    try:
        manifest = json.loads(place.manifest.read_text(encoding="utf-8"))
        digest = hashlib.sha256(place.list.read_bytes()).hexdigest()
    except (OSError, ValueError):
        return
    same = ledger.stem_of(manifest.get("ledger", "")) == ledger.stem_of(written.name)
    if same and manifest.get("list", {}).get("sha256") == digest:
        raise InputError(f"--resume: the list of the last hand-over is whole: {place.list}")


def _keep_people(database: Database, what: What, written: list[dict[str, str]] | None) -> None:
    """Keeps the messages as ``temp.proposed``, and those that reach somebody as ``temp.listed``.

    ``written`` are the rows of the ledger; None means what the build proposes.
    """
    channel = what.channel
    of = what.rows(database)
    chosen, values = "decision = 'proposed'", of.values
    if written is not None:
        chosen = "message_key in (select unnest(?))"
        values = (*values, [row["message_key"] for row in written])
    database.keep("proposed", Query(f"select * from ({of.sql}) where {chosen}", values))
    contacts = database.relation("segments", "segment_contacts", private=True)
    has_contact = {"email": "contacts.email is not null", "sms": "contacts.phone is not null"}
    has_contact["phone"] = has_contact["sms"]
    reaches = has_contact.get(channel, "true")
    # A list holds no detail that its channel does not need.
    email = "contacts.email" if channel == "email" else "cast(null as varchar)"
    phone = "contacts.phone" if channel in ("sms", "phone") else "cast(null as varchar)"
    needs = "contacts.contact_blocked_by is null" if channel in has_contact else "true"
    database.keep(
        "contacts",
        Query(
            f"select * from {contacts}((select list(distinct state || ':' || svid) "
            "from temp.proposed))"
        ),
    )
    # What fills the slots of a letter, and what chance withholds: see personalization_performance.
    personalization = database.relation("marts", "personalization")
    database.keep(
        "slots",
        Query(
            "select state, svid, "
            "string_agg(slot || '=' || template, ' ' order by slot) as slots, "
            "string_agg(rule || coalesce(',-' || held_out_rule, ''), ',' order by slot) as rules "
            f"from {personalization} where starts_with(slot, ?) group by state, svid",
            (f"{channel}.",),
        ),
    )
    database.keep(
        "listed",
        Query(
            f"select proposed.*, {email} as email, {phone} as phone, slots.slots, slots.rules "
            "from temp.proposed as proposed "
            "left join temp.slots as slots "
            "on proposed.state = slots.state and proposed.svid = slots.svid "
            "inner join temp.contacts as contacts "
            "on proposed.state = contacts.state and proposed.svid = contacts.svid "
            f"where {needs} and {reaches} "
            "and (not coalesce(proposed.asks_for_gift, false) "
            "or contacts.solicitation_blocked_by is null)"
        ),
    )


def _build(database: Database) -> dict[str, Any]:
    names, rows = database.rows(
        Query(f"select build_id, as_of_date from {database.relation('marts', 'build_info')}")
    )
    return dict(zip(names, next(iter(rows)), strict=True))


def _counts(database: Database, sql: str, *values: Any) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for trigger, word, count in database.all_rows(Query(sql, values)):
        found.setdefault(str(trigger), {})[str(word)] = count
    return found


def _commit(
    database: Database,
    what: What,
    form: str,
    columns: list[tuple[str, str]],
    stem: str,
    place: Place,
    written: Path | None,
) -> None:
    """Prepares the list out of sight, writes the ledger, and lets the list appear."""
    build = _build(database)
    sweep(place.parent)
    folder, lock = private_folder(place.parent)
    try:
        made = folder / "handed over"
        made.mkdir(mode=0o700)
        cells = ", ".join(f"{sql} as {identifier(name)}" for name, sql in columns)
        headers, people = database.rows(Query(f"select {cells} from temp.listed order by {_ORDER}"))
        with (made / LIST).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(headers)
            writer.writerows([_harmless(value) for value in person] for person in people)
        content = (made / LIST).read_bytes()
        (rows,) = database.all_rows(Query("select count(*) from temp.listed"))[0]
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0, tzinfo=None)
        lines = [
            (*message, now, entry, step, build["build_id"], rules)
            for *message, entry, step, rules in database.all_rows(
                Query(
                    'select message_key, "trigger", experiment, arm, state, svid, channel, '
                    f"template, entry_key, step, rules from temp.listed order by {_ORDER}"
                )
            )
        ]
        manifest = {
            "build_id": build["build_id"],
            "as_of_date": build["as_of_date"].isoformat(),
            "channel": what.channel,
            "experiment": what.experiment,
            "format": form,
            "handed_over_at": now.isoformat(sep=" "),
            "is_resumed": written is not None,
            "list": {
                "file": place.list.name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "rows": rows,
                "columns": [name for name, _ in columns],
            },
            "messages": _counts(
                database,
                f"select {what.group}, template, count(*) from temp.listed "
                "group by all order by all",
            ),
            "left_out": _left_out(database, what),
        }
        audit.note(contact_details=what.channel in ("email", "sms", "phone"), format="csv")
        with in_one_go():
            audit.before_handing_out(
                output_digest=hashlib.sha256(content).hexdigest(), rows=len(lines)
            )
            if written is None and lines:
                written = ledger.write(stem, ledger.COLUMNS, lines)
            manifest["ledger"] = written.name if written else None
            (made / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
            _appear(made, place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
    of = f" of {what.words}" if what.experiment else ""
    print(
        f"segment.py: {rows:,} messages{of} handed over by {what.channel}: {place.list}",
        file=sys.stderr,
    )


def _harmless(value: Any) -> str:
    """A cell. Text that a spreadsheet would run as a formula gets an apostrophe; not a phone."""
    text = "" if value is None else str(value)
    is_formula = text[:1] in FORMULA and text[:1] != "" and not _PHONE.fullmatch(text)
    return f"'{text}" if is_formula else text


def _left_out(database: Database, what: What) -> dict[str, dict[str, int]]:
    """How many messages are held back, by trigger or arm, and by reason."""
    of = what.rows(database)
    return _counts(
        database,
        f"select {what.group}, reason, count(*) from ("
        f"select {what.group}, reason from ({of.sql}) where reason is not null "
        "union all "
        f"select {what.group}, 'no_contact' from temp.proposed where message_key not in "
        "(select message_key from temp.listed)) group by all order by all",
        *of.values,
    )


def _appear(made: Path, place: Place) -> None:
    """Moves the finished files to their place, the list last."""
    for name in (LIST, MANIFEST):
        file = made / name
        file.chmod(0o600)
        with file.open("rb+") as stream:
            os.fsync(stream.fileno())
    ledger.sync(made)
    if place.folder is not None and not place.folder.exists():
        os.replace(made, place.folder)  # noqa: PTH105 (a test of faults stands in its way)
    else:
        os.replace(made / MANIFEST, place.manifest)  # noqa: PTH105
        os.replace(made / LIST, place.list)  # noqa: PTH105
    ledger.sync(place.parent)


@contextmanager
def _locked() -> Iterator[None]:
    """One hand-over at a time; the system releases the lock when its process ends."""
    file = database_file().with_name(f"{database_file().name}.handover.lock")
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DatabaseError("another hand-over is running: wait for it") from None
        yield
    finally:
        os.close(handle)


def forget(old: Path) -> None:
    """Removes the list of a hand-over whose ledger was rewritten: it names erased people."""
    shutil.rmtree(lists_folder() / ledger.stem_of(old.name).rstrip("-"), ignore_errors=True)
