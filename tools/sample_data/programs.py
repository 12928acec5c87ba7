"""What was sent and tried in the last weeks: a trigger, three experiments, lists and consents.

A reminder went to people who left a form unfinished, but for a holdout; it doubles the share of
those who finish the form. Of three experiments one has a difference, one has none, and of one a
part of an arm was never delivered. The trigger's and the experiments' names, salts and dates are
those of the files in `definitions/`; buckets follow the formula of the builds. Only people answer
who do something else in these weeks, so that nobody is active because of a program alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sample_data.world import FIRST_VOTER_ADDRESS, LAST_DAY

EXTRACTS = ("handovers", "segment_lists", "consents")
"""The optional extracts of this module."""


MEETING_TASTE = 3  # the environment, see channels.TOPICS
MEETING_SHARES = (0.62, 0.02)  # of those with that taste, and of all others


@dataclass(frozen=True)
class Trigger:
    """A trigger and how many of those who enter reach its goal."""

    name: str
    template: str
    first_day: str  # two weeks of entries begin on it
    holdout: float
    entering: float  # share of the people who are active
    goal_days: int
    reaching: float
    reaching_held_out: float


@dataclass(frozen=True)
class Experiment:
    """An experiment of two arms and how many of each click."""

    name: str
    number: int  # of its campaign
    by_address: bool
    arms: tuple[str, str]
    asked: float  # share of the people who can be asked
    delivered: float  # share of the second arm that the sender delivers
    clicking: tuple[float, float]  # shares of the people who are active


TRIGGER = Trigger("finish_form", "form_reminder", "2026-05-18", 0.45, 0.4, 14, 0.36, 0.14)
EXPERIMENTS = (
    Experiment("subject_question", 7_000_001, True, ("control", "question"), 0.36, 1, (0.16, 0.42)),
    Experiment("same_letter", 7_000_002, True, ("control", "same"), 0.28, 1, (0.22, 0.22)),
    Experiment("sender_name", 7_000_003, False, ("control", "first_name"), 0.28, 0.6, (0.22, 0.22)),
)
EXPERIMENT_DAYS = ("2026-06-02", "2026-06-09")

MACROS = """
create or replace macro bucket_of(salt, unit) as
    cast('0x' || left(md5(salt || ':' || unit), 8) as ubigint) / 4294967296.0;
"""


def _arm(experiment: Experiment) -> str:
    unit = "email" if experiment.by_address else "state || ':' || svid"
    first, second = experiment.arms
    return f"if(bucket_of('{experiment.name}', {unit}) < 0.5, '{first}', '{second}')"


def tables() -> str:
    """SQL of what was handed over, and of what people did: `program_act`."""
    letters = " union all ".join(
        f"""
        select '{e.name}' as experiment, {e.number} as campaign_id, {n} as place, arm, p, habit,
            person_id, state, svid, email,
            is_active and draw(p, '{e.name} clicks')
                < if(arm = '{e.arms[0]}', {e.clicking[0]}, {e.clicking[1]}) as has_clicked
        from (select *, {_arm(e)} as arm from program_person)
        where draw(p, '{e.name}') < {e.asked}
            and (arm = '{e.arms[0]}' or draw(p, '{e.name} lost') < {e.delivered})
        """
        for n, e in enumerate(EXPERIMENTS)
    )
    days = ", ".join(f"timestamp '{day} 15:00:00'" for day in EXPERIMENT_DAYS)
    t = TRIGGER
    return f"""
create or replace table program_person as
select
    p, {FIRST_VOTER_ADDRESS} + human as habit, person_id, state, svid, email, taste,
    {FIRST_VOTER_ADDRESS} + human in (select habit from seen_act where period = 0) as is_active
from voter
where
    p = human
    and svid is not null
    and has_email
    and not lacks_state
    and not is_silent
    and lapsed_at({FIRST_VOTER_ADDRESS} + human) is null
    and closed_at(addr) is null
    and addr = {FIRST_VOTER_ADDRESS} + 2 * p
    and {FIRST_VOTER_ADDRESS} + human not in (select habit from voter_outcome where left_now)
order by p;

-- A hand-over is a moment: one a day for the trigger, one a week for each experiment.
create or replace table letter as
select
    *,
    has_clicked and draw(p, experiment || ' again') < 0.4 as clicks_again,
    [{days}][1 + cast(draw(p, experiment || ' week') < 0.5 as integer)] as handed_over_at
from ({letters});

create or replace table form_left as
select
    *,
    cast(entered_at as date) + 1 + interval 15 hour as handed_over_at,
    draw(p, 'finishes') < if(is_held_out, {t.reaching_held_out}, {t.reaching}) as has_finished,
    cast(entered_at as date) + 1 + interval 16 hour
        + to_seconds(cast(floor(draw(p, 'finishes when') * 11 * 86400) as integer)) as finished_at
from (
    select
        *,
        bucket_of('{t.name}', state || ':' || svid) < {t.holdout} as is_held_out,
        date_trunc('second', timestamp '{t.first_day} 13:00:00'
            + to_days(cast(floor(draw(p, 'leaves a form on') * 14) as integer))
            + to_seconds(cast(floor(draw(p, 'leaves a form at') * 28000) as integer))) as entered_at
    from program_person
    where is_active and draw(p, 'leaves a form') < {t.entering}
)
order by p;

create or replace table program_act as
select habit, 'email' as channel, (select client_shortname from client where client = 0) as client,
    handed_over_at + interval 3 hour as acted_at, 1 + cast(clicks_again as integer) as clicks
from letter
where has_clicked
union all
select habit, 'web', null, entered_at, 0 from form_left
union all
select habit, 'web', null, finished_at, 0 from form_left where has_finished
order by habit, acted_at, channel;

insert into seen_act
select *, 0 from program_act
order by habit, acted_at, channel;
"""


CAMPAIGNS = """
    select
        number as "CAMPAIGN_ID",
        client_shortname as "CLIENT_SHORTNAME",
        1001 as "LIST_ID",
        'email' as "CHANNEL",
        'Experiment ' || name as "CAMPAIGN_NAME",
        date '{day}' as "START_DATE"
    from (values {values}) as experiments (number, name)
    inner join client on client.client = 0
    order by number
""".format(
    day=EXPERIMENT_DAYS[0],
    values=", ".join(f"({e.number}, '{e.name}')" for e in EXPERIMENTS),
)

EMAIL_EVENTS = """
    select
        email as "EMAIL",
        cast(campaign_id as varchar) as "CAMPAIGN_ID",
        client_shortname as "CLIENT_SHORTNAME",
        if(kind = 's', handed_over_at + to_seconds(60 + cast(floor(draw(p, experiment || ' queue')
            * 1200) as integer)),
            handed_over_at + interval 2 hour
            + to_seconds(cast(floor(draw(p, experiment || ' at') * 400000) as integer)))
            + if(kind = 'd', interval 1 day, interval 0 day) as "EVENT_DATE",
        cast(kind = 's' as integer) as "SEND",
        cast(kind = 'c' as integer) as "OPEN",
        cast(kind <> 's' as integer) as "CLICK",
        0 as "BOUNCE",
        0 as "COMPLAINT",
        0 as "UNSUBSCRIBE",
        false as "IS_BOT",
        'x' || left(md5(experiment || kind || p), 15) as "EVENT_ID",
        cast(null as varchar) as "LINK"
    from (
        select *,
            unnest(['s'] || if(has_clicked, ['c'], []) || if(clicks_again, ['d'], [])) as kind
        from letter
    )
    inner join client on client.client = 0
    order by "EVENT_DATE", "EVENT_ID"
"""

WEB_EVENTS = """
    select
        'f' || left(md5(event_type || p), 15) as event_id,
        email,
        cast(null as varchar) as phone,
        cast(null as varchar) as svid,
        cast(null as varchar) as session_id,
        event_type,
        'form' as category,
        strftime(occurred_at, '%Y-%m-%dT%H:%M:%SZ') as occurred_at,
        'web' as source,
        '{"url": "https://site.example/join"}' as page,
        cast(null as varchar) as properties,
        '{"userAgent": "Sample/1.0", "device": "mobile"}' as context,
        cast(null as double) as value
    from (
        select *,
            unnest(if(has_finished, ['form_start', 'form_abandon', 'form_submit'],
                ['form_start', 'form_abandon'])) as event_type,
            case event_type when 'form_start' then entered_at - interval 4 minute
                when 'form_abandon' then entered_at else finished_at end as occurred_at
        from form_left
    )
    order by occurred_at, event_id
"""

HANDOVERS = f"""
    select
        md5(concat_ws(chr(31), '{TRIGGER.name}', state, svid, cast(entered_at as varchar), '1'))
            as message_key,
        '{TRIGGER.name}' as "trigger",
        cast(null as varchar) as experiment,
        cast(null as varchar) as arm,
        state,
        svid,
        'email' as channel,
        '{TRIGGER.template}' as template,
        handed_over_at,
        cast(entered_at as varchar) as entry_key,
        cast('1' as varchar) as step
    from form_left
    where not is_held_out
    union all
    select
        md5(concat_ws(chr(31), experiment, arm, state, svid)),
        null,
        experiment,
        arm,
        state,
        svid,
        'email',
        experiment || '_' || arm,
        handed_over_at,
        null,
        null
    from letter
"""

LISTS = {
    # A list that somebody keeps by hand; two entries are nobody's.
    "segment_lists": f"""
        select 'board_friends' as segment, state || ':' || svid as svid,
            date '{LAST_DAY}' - cast(floor(400 * draw(p, 'listed on')) as integer) as added_at
        from program_person
        where draw(p, 'listed') < 0.01
        union all
        select 'board_friends', unnest(['WI:moved away', 'MN:unknown']), date '{LAST_DAY}' - 200
        order by svid
    """,
    "consents": f"""
        with asked as (
            select *, unnest(['sms', 'email', 'phone']) as channel
            from voter
            where p = human and svid is not null and not lacks_state
        ),

        chosen as (
            select
                *,
                case channel when 'sms' then 0.4 else 0.01 end as granting,
                case channel when 'sms' then 0.02 else 0.005 end as withdrawing,
                draw(p, 'consent ' || channel) as luck
            from asked
        )

        select
            case
                when channel = 'email' and has_email
                    then dirty_email(email, draw(p, 'consent dirt'))
                when channel <> 'email' and has_cell_phone
                    then dirty_phone(cell_phone, draw(p, 'consent phone dirt'))
                else state || ':' || svid
            end as identifier,
            channel,
            if(luck < withdrawing, pick(p, 'consent word', ['withdrawn', 'no']),
                pick(p, 'consent word', ['granted', 'yes', 'opt_in'])) as status,
            cast(date '{LAST_DAY}' - cast(
                floor(1000 * draw(p, 'consent on ' || channel)) as integer
            ) as timestamp) as decided_at
        from chosen
        where luck < granting + withdrawing
        order by p, channel
    """,
}


TRUTH = {
    # Who entered the trigger or got a letter of an experiment, and what they did.
    "programs": f"""
        select
            '{TRIGGER.name}' as program,
            'trigger' as kind,
            if(is_held_out, 'held_out', 'treated') as arm,
            person_id,
            state,
            svid,
            entered_at as began_at,
            has_finished as has_reached_goal
        from form_left
        union all
        select experiment, 'experiment', arm, person_id, state, svid, handed_over_at, has_clicked
        from letter
        order by program, person_id
    """,
    # A list that somebody brings from a meeting about the environment: the demo asks about it. Age,
    # party, favourite clients and gifts follow from the taste, not from how the list was made.
    "meeting_list": f"""
        select state || ':' || svid as svid, person_id, taste = {MEETING_TASTE} as shares_taste
        from voter
        where
            p = human
            and svid is not null
            and not lacks_state
            and draw(p, 'meeting') < if(
                taste = {MEETING_TASTE}, {MEETING_SHARES[0]}, {MEETING_SHARES[1]}
            )
        order by person_id
    """,
    # What must be found: shares that were planted among active people, and what became of them.
    "program_effects": f"""
        with planted (program, arm, place, planted_rate_of_active) as (
            values
            ('{TRIGGER.name}', 'treated', 1, {TRIGGER.reaching}),
            ('{TRIGGER.name}', 'held_out', 0, {TRIGGER.reaching_held_out}),
            {
        ", ".join(
            f"('{e.name}', '{arm}', {place}, {e.clicking[place]})"
            for e in EXPERIMENTS
            for place, arm in enumerate(e.arms)
        )
    }
        ),

        happened as (
            select '{TRIGGER.name}' as program, if(is_held_out, 'held_out', 'treated') as arm,
                count(*) as people, count(*) filter (has_finished) as reached
            from form_left
            group by all
            union all
            select experiment, arm, count(*), count(*) filter (has_clicked)
            from letter
            group by all
        )

        select planted.*, coalesce(people, 0) as people, coalesce(reached, 0) as reached
        from planted
        left join happened using (program, arm)
        order by program, place
    """,
    # People who belong to segments by what was planted; others may belong to them as well.
    "segment_people": f"""
        select segment, person_id, state, svid
        from (
            select 'lapsed_big_givers' as segment, voter.*
            from voter
            anti join (
                select habit from voter_gift
                where gift_at > timestamp '{LAST_DAY}' - interval 365 day
            ) as late on {FIRST_VOTER_ADDRESS} + voter.human = late.habit
            where is_big_giver(p)
            union all
            select 'mail_tired', * from voter where is_tired({FIRST_VOTER_ADDRESS} + human)
            union all
            select 'warm_never_gave', voter.*
            from voter
            semi join (
                select habit from seen_act
                where acted_at > timestamp '{LAST_DAY}' - interval 89 day
                group by habit having sum(clicks) >= 2
            ) as readers on {FIRST_VOTER_ADDRESS} + voter.human = readers.habit
            anti join voter_gift on {FIRST_VOTER_ADDRESS} + voter.human = voter_gift.habit
        )
        where p = human and svid is not null and not is_silent
        order by segment, person_id
    """,
}


def named_by_content(file: Path) -> None:
    """Renames a file of the ledger: its name ends in the first 16 hex digits of its SHA-256."""
    digits = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    file.rename(file.with_name(f"{file.stem}-{digits}{file.suffix}"))
