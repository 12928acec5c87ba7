"""Behaviour on channels other than mail and gifts, as DuckDB SQL, with planted habits.

Each person has a preferred channel. Some answer in the evening, some on Saturdays, while most
messages go out on weekday mornings; some have lapsed and do nothing after a certain day. Their mail
has the same habits (`world.sends`). Draws and keys come from `world`.
"""

from __future__ import annotations

from sample_data.world import FIRST_VOTER_ADDRESS, LAST_DAY

SHARES = {
    "sms_responses": 0.2,
    "phone_contacts": 0.1,
    "survey_responses": 0.02,
    "event_attendance": 0.05,
    "petition_signers": 0.02,
    "web_visits": 0.33,
    "behavior_events": 0.24,
}
"""The shares of the rows by table; rows of email_openers follow from the mail."""

TABLES = ("email_openers", *SHARES)
"""The optional extracts of the channels."""

SINCE = "2024-07-01"  # channels are younger than mail

TOPICS = (
    "['health care', 'taxes', 'education', 'environment', 'veterans', 'housing', 'energy',"
    " 'border security', 'jobs', 'elections']"
)

MACROS = f"""
-- Habits are a voter's; the key of a stranger is smaller.
create or replace macro is_evening_person(habit) as
    habit >= {FIRST_VOTER_ADDRESS} and draw(habit, 'evening') < 0.2;

create or replace macro is_saturday_person(habit) as
    habit >= {FIRST_VOTER_ADDRESS} and draw(habit, 'saturday') < 0.12;

create or replace macro lapsed_at(habit) as
    case when habit >= {FIRST_VOTER_ADDRESS} and draw(habit, 'lapses') < 0.08
        then timestamp '2025-03-01' + to_days(cast(floor(240 * draw(habit, 'lapsed')) as integer))
    end;

create or replace macro preferred_channel(habit) as case
    when draw(habit, 'channel') < 0.4 then 'email'
    when draw(habit, 'channel') < 0.65 then 'sms'
    when draw(habit, 'channel') < 0.85 then 'phone'
    else 'event'
end;

create or replace macro zone_of(state) as case state
    when 'MI' then 'America/New_York'
    when 'PA' then 'America/New_York'
    when 'GA' then 'America/New_York'
    when 'AZ' then 'America/Phoenix'
    else 'America/Chicago'
end;

create or replace macro utc_of(local_at, zone) as timezone('UTC', timezone(zone, local_at));

create or replace macro local_of(moment, zone) as timezone(zone, timezone('UTC', moment));

-- How much more often than usual somebody answers what reaches them at a local time.
create or replace macro timing_factor(habit, local_at) as
    case
        when not is_evening_person(habit) then 1
        when hour(local_at) between 18 and 20 then 4
        else 0.6
    end
    * case
        when not is_saturday_person(habit) then 1
        when isodow(local_at) = 6 then 3
        else 0.7
    end;
"""


def people(persons: int) -> str:
    """SQL of `channel_person`: the people on the channels; one in twenty-five is a stranger."""
    return f"""
create or replace table channel_person as
with listed as (
    select
        p,
        {FIRST_VOTER_ADDRESS} + human as habit,
        person_id,
        state,
        taste,
        case when has_email then email end as email,
        case when has_cell_phone then cell_phone end as phone,
        svid
    from voter
    where p = human and not is_silent and (has_email or has_cell_phone)
    union all
    select
        50000000 + i,
        50000000 + i,
        null,
        'WI',
        cast(floor(10 * draw(i, 'guest taste')) as integer),
        stranger_email(11 * i),
        phone_of(2 * 11 * i),
        null
    from range({persons // 25}) as guests (i)
)

select
    *,
    zone_of(state) as zone,
    lapsed_at(habit) as lapsed_at,
    preferred_channel(habit) as preferred_channel,
    0.53 * least(8, pow(1 - draw(p, 'channel activity'), -0.5)) as activity
from listed
order by p;
"""


def _exposures(table: str, mean: float, channel: str, hours: str) -> str:
    """Messages that reached people on a channel, mostly on weekday mornings, local time.

    `rate` is the share of answers; lapsed people never answer.
    """
    return f"""
        select
            *,
            utc_of(local_at, zone) as occurred_at,
            case
                when lapsed_at is not null and utc_of(local_at, zone) >= lapsed_at then 0
                else least(0.95, case when preferred_channel = '{channel}' then 0.65 else 0.07 end
                    * timing_factor(habit, local_at))
            end as rate
        from (
            select
                *,
                -- One in three goes out on the Tuesday of the week.
                case when draw(key, 'tuesday') < 0.33
                    then date_trunc('week', day) + interval 1 day else day end
                + to_hours(pick(key, 'hour', {hours}))
                + to_seconds(cast(floor(draw(key, 'second') * 3600) as integer)) as local_at
            from (
                select
                    *,
                    timestamp '{SINCE}' + to_days(cast(floor(draw(key, 'day') * 725) as integer))
                        as day
                from ({_numbered(table, mean)})
            )
        )
    """


def _numbered(table: str, mean: float) -> str:
    """`mean` rows per person on average, each with its own key."""
    return f"""
        select *, hash(p * 4096 + j, '{table}') as key
        from (
            select
                *,
                unnest(range(cast(floor(
                    {mean:.6f} * activity + draw(p, '{table} rows')
                ) as bigint))) as j
            from channel_person
        )
    """


MORNINGS = "[9, 9, 9, 9, 10, 10, 10, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]"

_EMAIL = "dirty_email(email, draw(xor(key, cast(copy as ubigint)), 'dirt'))"
_PHONE = "dirty_phone(phone, draw(xor(key, cast(copy as ubigint)), 'phone dirt'))"


def _reached(by: str = "reach") -> str:
    """EMAIL and CONTACT_NUMBER: mostly one of them, sometimes both, rarely neither."""
    return f"""
            case when draw(key, 'nobody') >= 0.003
                    and (phone is null or draw(key, '{by}') < 0.6) then {_EMAIL} end as "EMAIL",
            case when draw(key, 'nobody') >= 0.003
                    and (email is null or draw(key, '{by}') > 0.45) then {_PHONE} end
                as "CONTACT_NUMBER"
    """


_MOMENT = """
            case
                when draw(key, 'noise') < 0.0008 then occurred_at + interval 100 year
                when draw(key, 'noise') < 0.0012 then timestamp '1970-01-01'
                when draw(key, 'noise') < 0.0016 then null
                else occurred_at
            end as "EVENT_DATE"
"""

_ID = """case when draw(key, 'id') < 0.9 then lower(to_hex(key)) end as "EVENT_ID" """

_CLIENT = "(select list(client_shortname order by client) from client where client < 20)"


def _twice(query: str) -> str:
    """Rows in order of time, one in a hundred exported twice, none after the last day."""
    return f"""
        (select *, unnest(range(if(draw(key, 'twice') < 0.01, 2, 1))) as copy from ({query})
        where occurred_at < timestamp '{LAST_DAY}' + interval 1 day)
    """


def _sms(mean: float) -> str:
    exposures = _exposures("sms", mean / 1.1, "sms", MORNINGS)
    return f"""
        with sent as (
            select *, unnest([0, 1]) as kind, hash(key, 'answer') as answer_key,
                draw(key, 'answer') < rate as is_answered
            from ({exposures})
        ),

        rows as (
            select * exclude (key, occurred_at),
                if(kind = 0, key, answer_key) as key,
                occurred_at + to_seconds(if(kind = 0, 0, cast(20
                    + floor(-ln(1 - draw(key, 'delay')) * 900) as integer))) as occurred_at,
                draw(key, 'kind') as answer
            from sent
            where kind = 0
                or is_answered and not is_quiet(habit, occurred_at + interval 15 minute)
        )

        select
            {_reached("sms reach")},
            {_MOMENT},
            cast(kind = 0 as integer) as "SEND",
            cast(kind = 1 and answer < 0.6 as integer) as "REPLY",
            cast(kind = 1 and answer between 0.6 and 0.97 as integer) as "CLICK",
            cast(kind = 1 and answer > 0.97 as integer) as "OPT_OUT",
            cast(8000000 + cast(floor(draw(key, 'campaign') * 50) as integer) as varchar)
                as "CAMPAIGN_ID",
            pick(key, 'client', {_CLIENT}) as "CLIENT_SHORTNAME",
            {_ID}
        from {_twice("select * from rows")}
        order by occurred_at, key, copy
    """


def _phone(mean: float) -> str:
    exposures = _exposures("phone", mean, "phone", MORNINGS)
    return f"""
        with called as (
            select *,
                case
                    when draw(key, 'odd outcome') < 0.003 then 'beep'
                    when draw(key, 'answer') < rate and not is_quiet(habit, occurred_at)
                        then 'answered'
                    else pick(key, 'outcome', ['no_answer', 'no_answer', 'no_answer', 'no_answer',
                        'no_answer', 'voicemail', 'voicemail', 'voicemail', 'busy', 'wrong_number'])
                end as disposition
            from ({exposures})
        )

        select
            {_reached("phone reach")},
            {_MOMENT},
            if(draw(key, 'shout') < 0.05, upper(disposition), disposition) as "DISPOSITION",
            cast(case
                when draw(key, 'backwards') < 0.003 then -5
                when disposition = 'answered' then 15 + floor(draw(key, 'talk') * 400)
                when disposition = 'voicemail' then 20
                else 0
            end as double) as "DURATION_SECONDS",
            pick(key, 'client', {_CLIENT}) as "CLIENT_SHORTNAME",
            {_ID}
        from {_twice("select * from called")}
        order by occurred_at, key, copy
    """


def _own_acts(table: str, mean: float) -> str:
    """Actions without a message before, mostly with a topic of the person's taste."""
    return f"""
        select *
        from (
            select *, utc_of(local_at, zone) as occurred_at,
                if(draw(key, 'own topic') < 0.7, {TOPICS}[taste + 1], pick(key, 'topic', {TOPICS}))
                    as topic
            from (
                select *,
                    timestamp '{SINCE}' + to_days(cast(floor(draw(key, 'day') * 729) as integer))
                    + to_seconds(cast(3600 * if(
                        is_evening_person(habit) and draw(key, 'evening') < 0.7,
                        18 + 3 * draw(key, 'hour'), 7 + 15 * draw(key, 'hour')
                    ) as integer)) as local_at
                from ({_numbered(table, mean)})
            )
        )
        where (lapsed_at is null or occurred_at < lapsed_at)
            and not is_quiet(habit, occurred_at)
    """


def _surveys(mean: float) -> str:
    return f"""
        select
            {_reached("survey reach")},
            {_MOMENT},
            'S' || cast(floor(draw(key, 'survey') * 30) as integer) as "SURVEY_ID",
            topic as "TOPIC",
            cast(case when draw(key, 'backwards') < 0.003 then -60
                else 40 + floor(draw(key, 'length') * 600) end as double) as "DURATION_SECONDS",
            pick(key, 'client', {_CLIENT}) as "CLIENT_SHORTNAME",
            {_ID}
        from {_twice(_own_acts("survey", mean))}
        order by occurred_at, key, copy
    """


def _petitions(mean: float) -> str:
    return f"""
        select
            {_reached("petition reach")},
            {_MOMENT},
            'P' || cast(floor(draw(key, 'petition') * 40) as integer) as "PETITION_ID",
            upper(topic[1]) || topic[2:] as "ISSUE",
            pick(key, 'client', {_CLIENT}) as "CLIENT_SHORTNAME",
            {_ID}
        from {_twice(_own_acts("petition", mean))}
        order by occurred_at, key, copy
    """


def _gatherings(mean: float) -> str:
    exposures = _exposures("event", mean / 1.25, "event", MORNINGS)
    taken = (
        "select * from dated where status not in ('registered', 'attended')"
        " or (lapsed_at is null or occurred_at < lapsed_at) and not is_quiet(habit, occurred_at)"
    )
    return f"""
        with steps as (
            select *,
                unnest(case
                    when draw(key, 'answer') >= rate then ['invited']
                    when draw(key, 'comes') < 0.7 then ['invited', 'registered', 'attended']
                    else ['invited', 'registered', 'no_show']
                end) as status
            from ({exposures})
        ),

        dated as (
            select * exclude (key, occurred_at),
                hash(key, status) as key,
                key as invitation,
                occurred_at + to_hours(case status when 'invited' then 0 when 'registered'
                    then 2 else 24 * 9 end) as occurred_at
            from steps
        )

        select
            {_reached("event reach")},
            {_MOMENT},
            'G' || cast(floor(draw(invitation, 'gathering') * 60) as integer) as "GATHERING_ID",
            if(draw(key, 'odd outcome') < 0.003, 'perhaps', status) as "STATUS",
            {TOPICS}[taste + 1] as "TOPIC",
            pick(invitation, 'client', {_CLIENT}) as "CLIENT_SHORTNAME",
            {_ID}
        from {_twice(taken)}
        order by occurred_at, key, copy
    """


def sessions(mean: float, name: str) -> str:
    """Sessions of people: their start, their number of steps, and whether they are long.

    One in twenty-five begins just before midnight; one in twenty-five has a break of 45 minutes.
    """
    return f"""
        select
            * exclude (local_at),
            case when draw(key, 'late') < 0.04
                then date_trunc('day', local_at) + interval 23 hour + interval 56 minute
                else local_at end as local_at,
            utc_of(case when draw(key, 'late') < 0.04
                then date_trunc('day', local_at) + interval 23 hour + interval 56 minute
                else local_at end, zone) as started_at,
            1 + cast(floor(pow(draw(key, 'steps'), 1.6) * 6) as integer) as steps,
            draw(key, 'away') < 0.04 as has_gap,
            -- Some pages stay open for half a day, under one id.
            draw(key, 'named') < 0.5 and draw(key, 'left open') < 0.008 and steps > 1
                as is_left_open,
            case when draw(key, 'named') < 0.5 then '{name}' || lower(to_hex(key)) end
                as session_id
        from ({_own_acts(name, mean)})
    """


def visits(mean: float) -> str:
    """SQL of `channel_visit`: the pages of each session, at most five minutes apart."""
    return f"""
create or replace table channel_visit as
with sessions as ({sessions(mean / 2.85, "w")}),

pages as (
    select *, unnest(range(steps)) as page
    from sessions
)

select
    * exclude (occurred_at),
    cast(sum(
        if(page = 0, 0, 30 + cast(floor(draw(hash(key, page), 'gap') * 240) as integer))
        + if(has_gap and page > 0 and page = steps // 2, 2700, 0)
        + if(is_left_open and page = steps - 1, 18000, 0)
    ) over (partition by key order by page) as integer) as seconds
from pages
order by key, page;
"""


def _visits() -> str:
    return f"""
        with dated as (
            select
                * exclude (key),
                hash(key, page) as key,
                started_at + to_seconds(seconds) as occurred_at
            from channel_visit
        )

        select
            {_reached("web reach")},
            {_MOMENT},
            session_id as "SESSION_ID",
            '/' || replace(topic, ' ', '-') || '/' || pick(key, 'page', ['plan', 'news', 'act',
                'donate', 'about', 'join']) as "PAGE_PATH",
            topic as "TOPIC",
            cast(case
                when draw(key, 'backwards') < 0.003 then -3
                when steps = 1 and draw(key, 'bounce') < 0.3 then 0
                else 5 + floor(draw(key, 'stay') * 25)
            end as double) as "DURATION_SECONDS",
            round(draw(key, 'scroll'), 2) as "SCROLL_DEPTH",
            {_ID}
        from {_twice("select * from dated")}
        order by occurred_at, key, copy
    """


def _events(mean: float) -> str:
    """A session is a page, an action on it, and a form that some people finish."""
    return f"""
        with sessions as ({sessions(mean / 3.1, "b")}),

        acts as (
            select
                *,
                unnest(types) as event_type,
                generate_subscripts(types, 1) as place
            from (
                select *,
                    ['page_view']
                    || if(draw(key, 'reads') < 0.45, ['scroll_depth', 'time_on_page'], [])
                    || if(draw(key, 'searches') < 0.15, ['search_query'], [])
                    || if(draw(key, 'watches') < 0.1, ['video_play'], [])
                    || if(draw(key, 'downloads') < 0.08, ['download'], [])
                    || case
                        when draw(key, 'form') >= 0.35 then []
                        when draw(key, 'submits') < 0.55 and draw(key, 'completes') < 0.3
                            then ['form_start', 'form_submit', 'application_start',
                                'application_complete']
                        when draw(key, 'submits') < 0.55 then ['form_start', 'form_submit']
                        when draw(key, 'abandons') < 0.6 then ['form_start', 'form_abandon']
                        else ['form_start']
                    end as types
                from sessions
            )
        ),

        dated as (
            select
                * exclude (key, occurred_at, local_at),
                hash(key, place) as key,
                started_at + to_seconds((place - 1) * 45) as occurred_at,
                local_at + to_seconds((place - 1) * 45) as local_at
            from acts
        ),

        described as (
            select *,
                date_diff('minute', occurred_at, local_at) as away,
                draw(key, 'nobody') as luck,
                draw(key, 'reach') as reach
            from {_twice("select * from dated")}
        )

        select
            lower(to_hex(key)) as event_id,
            case when luck >= 0.003 and email is not null
                    and (reach < 0.6 or phone is null or (reach >= 0.8 and svid is null))
                then {_EMAIL} end as email,
            case when luck >= 0.003 and phone is not null
                    and (email is null or reach between 0.6 and 0.8)
                then {_PHONE} end as phone,
            case when luck >= 0.003 and email is not null and phone is not null and reach >= 0.8
                then if(reach < 0.9, state || ':', '') || svid end as svid,
            session_id,
            if(draw(key, 'odd type') < 0.003, 'page_pinch', event_type) as event_type,
            'as the source has it' as category,
            case
                when draw(key, 'noise') < 0.0008 then '2126-01-01T00:00:00Z'
                when draw(key, 'noise') < 0.0016 then 'yesterday'
                when draw(key, 'offset') < 0.5 then strftime(local_at, '%Y-%m-%dT%H:%M:%S')
                    || if(away < 0, '-', '+') || lpad(cast(abs(away) // 60 as varchar), 2, '0')
                    || ':' || lpad(cast(abs(away) % 60 as varchar), 2, '0')
                else strftime(occurred_at, '%Y-%m-%dT%H:%M:%SZ')
            end as occurred_at,
            'web' as source,
            '{{"url": "https://site.example/' || replace(topic, ' ', '-') || '?email='
                || coalesce(email, '') || '", "title": "' || topic || '", "category": "' || topic
                || '"}}' as page,
            case
                when draw(key, 'broken') < 0.003 then '{{"topic": "' || topic
                when event_type = 'scroll_depth' then
                    '{{"scroll_depth": ' || round(draw(key, 'scroll'), 2) || '}}'
                when event_type in ('time_on_page', 'video_play') then '{{"topic": "' || topic
                    || '", "duration_seconds": ' || if(draw(key, 'backwards') < 0.004, '-', '')
                    || cast(1 + floor(draw(key, 'stay') * 40) as integer) || '}}'
                when draw(key, 'bare') < 0.5 then '{{"topic": "' || topic || '", "reader": "'
                    || coalesce(email, phone) || '"}}'
            end as properties,
            '{{"userAgent": "Sample/1.0", "device": "' || pick(key, 'device', ['mobile', 'desktop',
                'tablet']) || '", "location": "' || state || '"}}' as context,
            case when event_type = 'application_complete'
                then cast(20 + floor(draw(key, 'worth') * 80) as double) end as value
        from described
        order by described.occurred_at, key, copy
    """


def _openers(sends: str) -> str:
    """Opens of voters' mail: those in email_clickers, later ones, and those of machines."""
    return f"""
        with opened as (
            select
                *,
                unnest([0, 1, 2]) as kind
            from read_parquet('{sends}')
            where addr >= {FIRST_VOTER_ADDRESS}
        ),

        dated as (
            select
                *,
                hash(slot, kind) as key,
                case kind
                    when 0 then open_at
                    when 1 then open_at
                        + to_seconds(cast(1800 + floor(draw(slot, 'again at') * 90000) as integer))
                    else send_at + interval 3 second
                end as occurred_at
            from opened
            where case kind
                when 0 then opened and contains(kinds, 'o') and draw(slot, 'told') < 0.8
                when 1 then opened and draw(slot, 'reopens') < 0.45
                    and coalesce(open_at + interval 2 day < lapsed_at(habit), true)
                    and not is_quiet(habit, open_at + to_seconds(cast(
                        1800 + floor(draw(slot, 'again at') * 90000) as integer)))
                else not bounced and draw(slot, 'proxy') < 0.06
            end
        )

        select
            {_EMAIL} as "EMAIL",
            {_MOMENT},
            cast(campaign_id as varchar) as "CAMPAIGN_ID",
            client.client_shortname as "CLIENT_SHORTNAME",
            kind = 2 as "IS_BOT",
            {_ID}
        from {_twice("select * from dated")} as rows
        inner join client on rows.client = client.client
        order by occurred_at, key, copy
    """


def acts(means: dict[str, float]) -> str:
    """What people do on the channels of their own or in answer, if nothing keeps them quiet."""
    sms = _exposures("sms", means["sms_responses"] / 1.1, "sms", MORNINGS)
    phone = _exposures("phone", means["phone_contacts"], "phone", MORNINGS)
    event = _exposures("event", means["event_attendance"] / 1.25, "event", MORNINGS)
    visits, events = means["web_visits"] / 2.85, means["behavior_events"] / 3.1
    return f"""
        select habit, 'sms' as channel, pick(hash(key, 'answer'), 'client', {_CLIENT}) as client,
            occurred_at + interval 15 minute as acted_at, 0 as clicks
        from ({sms})
        where draw(key, 'answer') < rate and draw(key, 'kind') <= 0.97
        union all
        select habit, 'phone', pick(key, 'client', {_CLIENT}), occurred_at, 0
        from ({phone})
        where draw(key, 'answer') < rate
        union all
        select habit, 'event', pick(key, 'client', {_CLIENT}),
            occurred_at + to_hours(if(step = 0, 2, 216)), 0
        from (select *, unnest([0, 1]) as step from ({event}))
        where draw(key, 'answer') < rate and (step = 0 or draw(key, 'comes') < 0.7)
            and (lapsed_at is null or occurred_at + to_hours(if(step = 0, 2, 216)) < lapsed_at)
        union all
        select habit, 'survey', pick(key, 'client', {_CLIENT}), occurred_at, 0
        from ({_own_acts("survey", means["survey_responses"])})
        union all
        select habit, 'petition', pick(key, 'client', {_CLIENT}), occurred_at, 0
        from ({_own_acts("petition", means["petition_signers"])})
        union all
        select habit, 'web', null, occurred_at, 0 from ({_own_acts("w", visits)})
        union all
        select habit, 'web', null, occurred_at, 0 from ({_own_acts("b", events)})
    """


def silences(means: dict[str, float], days: int) -> str:
    """By person and period, the logarithm of the chance to do nothing on the channels."""
    exposed = {
        "sms": (means["sms_responses"] / 1.1, "sms"),
        "phone": (means["phone_contacts"], "phone"),
        "event": (means["event_attendance"] / 1.25, "event"),
    }
    own = {
        "survey": means["survey_responses"],
        "petition": means["petition_signers"],
        "w": means["web_visits"] / 2.85,
        "b": means["behavior_events"] / 3.1,
    }
    answered = " union all ".join(
        f"select habit, period_of(occurred_at, {days}) as period, ln(1 - rate) as no_act"
        f" from ({_exposures(table, mean, channel, MORNINGS)})"
        for table, (mean, channel) in exposed.items()
    )
    alone = " union all ".join(
        f"select habit from ({_numbered(table, mean)}) where lapsed_at is null"
        for table, mean in own.items()
    )
    return f"""
        {answered}
        union all
        select habit, period, ln(1 - {days} / 729.0)
        from ({alone})
        cross join range(12) as periods (period)
    """


TRUTH = {
    # The habits of each voter; a shared address mixes the habits of several voters.
    "habits": f"""
        select
            person_id,
            preferred_channel,
            if(is_evening_person(habit), 18, null) as best_hour_from,
            if(is_evening_person(habit), 20, null) as best_hour_to,
            if(is_saturday_person(habit), 6, null) as best_day_of_week,
            cast(lapsed_at as date) as lapsed_on,
            {TOPICS}[taste + 1] as favourite_topic
        from channel_person
        where person_id is not null
        order by person_id
    """,
    # The sessions of web_visits. Without an id, a session with a break counts as two.
    "sessions": """
        select
            person_id,
            session_id,
            min(started_at) as started_at,
            min(started_at) + to_seconds(max(seconds)) as last_page_at,
            count(*) as pages,
            bool_or(has_gap and page > 0 and page = steps // 2) as has_gap
        from channel_visit
        where person_id is not null
        group by key, person_id, session_id
        order by key
    """,
}


def rows_of(size: int, persons: int) -> dict[str, float]:
    """Rows per person of each table, if all tables together have about `size` rows."""
    return {table: size * share / max(1, persons) for table, share in SHARES.items()}


def queries(means: dict[str, float], sends: str) -> dict[str, str]:
    """The rows of each table; `sends` is the relation with the rows of `world.sends`."""
    return {
        "email_openers": _openers(sends),
        "sms_responses": _sms(means["sms_responses"]),
        "phone_contacts": _phone(means["phone_contacts"]),
        "survey_responses": _surveys(means["survey_responses"]),
        "event_attendance": _gatherings(means["event_attendance"]),
        "petition_signers": _petitions(means["petition_signers"]),
        "web_visits": _visits(),
        "behavior_events": _events(means["behavior_events"]),
    }
