"""The population at large, as DuckDB SQL.

Nothing here draws from a random number generator: `draw(key, what)` is a number in [0, 1) that
depends on the seed, the row's key and the name of the question only, so that any row can be made
alone, in any order, in any process, and comes out the same.

Numbers of one kind:
* a *voter* is a person of the voter file (`p`, 0-based), a *stranger* anybody else;
* an *address* (`addr`) is the number of an e-mail address; voters' begin at `FIRST_VOTER_ADDRESS`;
* a *habit* is the key of the latent behaviour, shared by all addresses of one human being;
* a *taste* is one of `TASTES` latent clusters, a *client* belongs to the cluster `client % TASTES`.
"""

from __future__ import annotations

from dataclasses import dataclass

TASTES = 10
FIRST_DAY = "2023-07-01"
LAST_DAY = "2026-06-30"  # fixed: the data must not depend on the day on which it is made
FIRST_VOTER_ADDRESS = 100_000_000_000
SLOTS = 8192  # resolution of the calendar of sends and gifts

# The two planted weeks of bad health (Mondays).
UNREAD_WEEK = "2026-03-09"  # opens fall to four tenths
BOUNCING_WEEK = "2025-10-06"  # bounces rise to a tenth

FULL = {
    "person": 81_000,
    "person_custom_field": 2_000_000,
    "list_link_phone_email_map": 182_000_000,
    "email_clickers": 41_000_000,
    "campaigns": 73_000,
    "donations": 3_200_000,
}
CHANNEL_ROWS = 3_000_000  # of the optional channels together, which sample_data.channels makes
MINIMUM = {"person": 400, "campaigns": 400}  # room for the planted cases in a tiny world


@dataclass(frozen=True)
class Size:
    """The size of the world, in rows of the extracts."""

    person: int
    person_custom_field: int
    list_link_phone_email_map: int
    email_clickers: int
    campaigns: int
    donations: int
    clients: int
    channels: int

    @classmethod
    def of(cls, scale: float, voters: int | None) -> Size:
        """Rows at `scale` (1.0 = the brief's counts); `voters` overrides the number of persons."""
        rows = {name: max(round(full * scale), MINIMUM.get(name, 0)) for name, full in FULL.items()}
        if voters is not None:
            rows["person"] = max(voters, MINIMUM["person"])
        persons = rows["person"]
        rows["person_custom_field"] = round(FULL["person_custom_field"] / FULL["person"] * persons)
        # Each voter brings 15 events and 2 map rows, at any scale.
        rows["email_clickers"] = max(rows["email_clickers"], 20 * persons)
        rows["list_link_phone_email_map"] = max(rows["list_link_phone_email_map"], 4 * persons)
        rows["donations"] = max(rows["donations"], 4 * persons)
        # Few campaigns carry few clients, so that a client still has a history to learn from.
        clients = min(200, max(20, rows["campaigns"] // 150 * 10))
        channels = max(round(CHANNEL_ROWS * scale), 12 * persons)
        return cls(clients=clients, channels=channels, **rows)


SHAPES = ("usual", "clicky")
"""Usual: few clicks and gifts. Clicky: 15 clicks in 100 rows of mail, 100 gifts a donor."""


def macros(seed: int, shape: str = "usual") -> str:
    """SQL that defines the draws and the made-up identifiers of the world of `seed`."""
    shift = (seed * 7_368_787 + 1_234_567) % 6_392_000_000
    return f"""
create or replace macro draw(key, what) as
    (hash(xor(cast(key as ubigint), hash('{seed}:' || what))) >> 11) / 9007199254740992.0;

create or replace macro is_clicky() as {str(shape == "clicky").lower()};

create or replace macro pick(key, what, choices) as
    choices[1 + cast(floor(draw(key, what) * len(choices)) as integer)];

-- Ten digits [2-9]dd[2-9]dddddd, one to one with the number; 999 is kept for planted rows.
create or replace macro phone_of(number) as
    cast(
        (200 + ((number * 2654435769 + {shift}) % 6392000000) // 8000000) * 10000000
        + 2000000 + ((number * 2654435769 + {shift}) % 8000000)
        as varchar
    );

create or replace macro email_of(number, tag) as
    pick(number, 'first name', [
        'alvo', 'bexa', 'corrin', 'dapple', 'elwin', 'fenna', 'garro', 'hesta', 'ilmo', 'jorra',
        'kelby', 'lumi', 'marnix', 'nelda', 'orsin', 'pella', 'quill', 'rosko', 'sunny', 'tavi',
        'ulva', 'vesper', 'wilmo', 'xanti', 'yorrick', 'zelda', 'brisk', 'clover', 'dusky', 'ember'
    ]) || '.' || pick(number, 'last name', [
        'ashmere', 'bramblefoot', 'cobblepot', 'dunwick', 'elderfen', 'foxglade', 'gravelly',
        'hollowby', 'inkwell', 'jumblesea', 'kettleby', 'larkspur', 'mossgate', 'nettlecomb',
        'oldacre', 'puddlewick', 'quickbeam', 'rookwood', 'saltmarsh', 'thistledown', 'underhay',
        'vinegrove', 'wetherby', 'yarrowell', 'zephyrine'
    ]) || (2 * number + tag) || '@' || pick(number, 'domain', [
        'example.com', 'example.com', 'example.com', 'example.org', 'example.net', 'mail.example',
        'post.example', 'inbox.example', 'village.example'
    ]);

create or replace macro stranger_email(addr) as email_of(addr, 0);

-- A few voters gave the address of an office, of a mailbox for an hour, or of a relay service.
create or replace macro voter_email(addr) as case
    when draw(addr, 'address class') < 0.004 then
        pick(addr, 'office', ['info', 'office', 'contact', 'team']) || '@'
        || pick(addr, 'trade', ['bakery', 'garage', 'library', 'orchard', 'parish', 'school'])
        || (addr - {FIRST_VOTER_ADDRESS}) || '.example'
    when draw(addr, 'address class') < 0.006 then
        'post' || lower(to_hex(hash(addr))) || '@mailinator.com'
    when draw(addr, 'address class') < 0.010 then lower(to_hex(hash(addr))) || '@'
        || pick(addr, 'relay', ['privaterelay.appleid.com', 'duck.com', 'mozmail.com'])
    else email_of(addr - {FIRST_VOTER_ADDRESS}, 1)
end;

-- A few click again.
create or replace macro clicks_of(slot) as
    1 + cast(draw(slot, 'again') < 0.08 as integer) + cast(draw(slot, 'again') < 0.015 as integer);

-- Some mailboxes are closed one day: from then on all mail to them bounces.
create or replace macro closed_at(addr) as
    case when addr >= {FIRST_VOTER_ADDRESS} and draw(addr, 'closed') < 0.006
        then timestamp '2025-01-01' + to_days(cast(floor(400 * draw(addr, 'closed on')) as integer))
    end;

-- One address in twenty is dirty: mostly harmless case and white space, a little of it hopeless.
create or replace macro dirty_email(email, luck) as
    case
        when luck >= 0.05 then email
        when luck < 0.016 then upper(email)
        when luck < 0.026 then upper(email[1]) || email[2:]
        when luck < 0.034 then ' ' || email || '  '
        when luck < 0.038 then chr(160) || email
        when luck < 0.041 then email || chr(8203)
        when luck < 0.044 then chr(9) || email || chr(13) || chr(10)
        when luck < 0.046 then chr(12288) || email
        when luck < 0.047 then chr(65279) || email
        when luck < 0.0478 then replace(email, '@', '@@')
        when luck < 0.0486 then replace(email, '@', ' at ')
        when luck < 0.0492 then 'none@none.com'
        when luck < 0.0494 then 'n/a'
        when luck < 0.0497 then ''
        else null
    end;

create or replace macro dirty_phone(phone, luck) as
    case
        when luck >= 0.16 then phone
        when luck < 0.06 then phone[1:3] || '-' || phone[4:6] || '-' || phone[7:10]
        when luck < 0.09 then '(' || phone[1:3] || ') ' || phone[4:6] || '-' || phone[7:10]
        when luck < 0.12 then '+1' || phone
        when luck < 0.135 then '1-' || phone[1:3] || '-' || phone[4:6] || '-' || phone[7:10]
        when luck < 0.145 then phone[1:3] || '.' || phone[4:6] || '.' || phone[7:10] || ' x12'
        when luck < 0.15 then phone || '#5'
        when luck < 0.154 then ' ' || phone || ' ext. 204 '
        when luck < 0.156 then '0' || phone[2:10]
        when luck < 0.157 then phone[1:7]
        when luck < 0.158 then '5555555555'
        when luck < 0.159 then ''
        else null
    end;

-- Who gives at all, how often a click becomes a gift, how many gifts come by themselves.
create or replace macro is_giver(habit) as
    draw(habit, 'gives') < if(habit >= {FIRST_VOTER_ADDRESS}, 0.31, 0.35);

-- A few gave large sums until the end of 2024; a few read their mail until a year before the end.
create or replace macro is_big_giver(p) as p % 250 = 33;

create or replace macro is_tired(habit) as
    habit >= {FIRST_VOTER_ADDRESS} and draw(habit, 'tired') < 0.008;

create or replace macro giving_rate(habit, addr) as
    (0.3 + 2.5 * pow(draw(habit, 'opener'), 2)) * pow(1 - draw(addr, 'gifts'), -0.6);

create or replace macro days_after(key) as
    pick(key, 'delay', [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 5, 8, 13, 21, 30]);

create or replace macro gift_after(click_at, key) as
    case
        when days_after(key) = 0 then click_at + to_seconds(60 + floor(draw(key, 'time') * 9000))
        else date_trunc('day', click_at) + to_days(days_after(key))
            + to_seconds(1 + floor(draw(key, 'time') * 86000))
    end;

create or replace macro caused_chance(habit, is_own_taste) as
    if(is_giver(habit), (0.12 + 0.5 * draw(habit, 'generous')) * if(is_own_taste, 1.3, 0.7), 0.005);

create or replace macro amount_of(key) as
    cast(pick(key, 'amount', [
        5, 10, 10, 15, 20, 25, 25, 25, 30, 35, 50, 50, 50, 75, 100, 100, 150, 250, 500, 1000
    ]) + case when draw(key, 'cents') < 0.1 then 0.5 else 0 end as decimal(12, 2));
"""


def calendar() -> str:
    """SQL of `calendar_slot` (kind, slot, day): quantiles of the days of sends and of gifts.

    Elections, spring primaries, quarter ends and the last week of the year stand out; fewer
    mailings go out at week-ends.
    """
    return f"""
create or replace table calendar_slot as
with days as (
    select cast(day as date) as day
    from range(timestamp '{FIRST_DAY}', timestamp '{LAST_DAY}' + interval 1 day, interval 1 day)
        as days (day)
),

weighed as (
    select
        kinds.kind,
        days.day,
        case
            when isodow(day) = 7 then 30
            when isodow(day) = 6 then 45
            when isodow(day) = 2 then 120
            else 100
        end
        * case
            when day between date '2024-08-20' and date '2024-11-05' then 30
            when day between date '2023-10-10' and date '2023-11-07' then 16
            when day between date '2025-03-01' and date '2025-04-01' then 16
            when day between date '2024-03-15' and date '2024-04-02' then 15
            when day between date '2025-10-10' and date '2025-11-04' then 15
            when day between date '2024-11-06' and date '2024-11-24' then 4
            when month(day) in (6, 7) then 8
            else 10
        end
        * case when day >= date_trunc('quarter', day) + interval 3 month - interval 4 day
            then 15 else 10 end
        * case
            when kinds.kind = 'giving' and month(day) = 12 and dayofmonth(day) >= 24 then 40
            when kinds.kind = 'giving' and day between date '2024-10-15' and date '2024-11-05'
                then 20
            else 10
        end as weight
    from days
    cross join (values ('sending'), ('giving')) as kinds (kind)
),

summed as (
    select
        kind,
        day,
        cast(sum(weight) over (partition by kind order by day) as bigint) as upto,
        cast(sum(weight) over (partition by kind) as bigint) as total
    from weighed
),

slots as (
    select
        kinds.kind,
        slots.slot,
        slots.slot * totals.total // {SLOTS} as place
    from (select kind, max(total) as total from summed group by kind) as totals
    inner join (values ('sending'), ('giving')) as kinds (kind) on totals.kind = kinds.kind
    cross join range({SLOTS}) as slots (slot)
)

select
    slots.kind,
    cast(slots.slot as integer) as slot,
    min(summed.day) as day
from slots
asof inner join summed on slots.kind = summed.kind and slots.place < summed.upto
group by slots.kind, slots.slot
order by slots.kind, slots.slot;
"""


def clients(size: Size, campaign_rows: int) -> str:
    """SQL of `client` and `campaign`; `campaign_rows` e-mail campaigns in order of their dates.

    `campaign.ix` runs through the campaigns of each client in order of time, so that a stretch of
    numbers is a stretch of history.
    """
    return f"""
create or replace table client as
with named as (
    select
        cast(c as integer) as client,
        cast(c % {TASTES} as integer) as taste,
        ['amber', 'birch', 'cedar', 'delta', 'ember', 'falcon', 'granite', 'harbor', 'iron',
         'juniper', 'keystone', 'lakeside', 'maple', 'northstar', 'oak', 'prairie', 'quarry',
         'river', 'summit', 'timber'][1 + c // 10]
        || ['_action', '_alliance', '_forum', '_fund', '_league', '_network', '_pac', '_project',
            '_union', '_voice'][1 + (c * 7 + c // 10) % 10] as client_shortname,
        pow(c + 5, -0.7) as weight
    from range({size.clients}) as clients (c)
),

counted as (
    select
        *,
        greatest(
            4, cast(floor({campaign_rows} * weight / sum(weight) over ()) as integer)
        ) as campaigns
    from named
)

select
    client,
    taste,
    client_shortname,
    -- The largest client takes what rounding left over.
    cast(
        campaigns + case when client = 0 then {campaign_rows} - sum(campaigns) over () else 0 end
        as bigint
    ) as campaigns,
    cast(0 as bigint) as first_ix
from counted
order by client;

update client set first_ix = placed.first_ix
from (
    select client, sum(campaigns) over (order by client) - campaigns as first_ix from client
) as placed
where client.client = placed.client;

create or replace table campaign as
with numbered as (
    select
        client.client,
        client.client_shortname,
        client.first_ix + numbers.pos as ix,
        numbers.pos,
        cast(floor(
            (numbers.pos + draw(client.first_ix + numbers.pos, 'campaign day'))
            / client.campaigns * {SLOTS}
        ) as integer) as slot
    from client
    cross join unnest(range(cast(client.campaigns as bigint))) as numbers (pos)
)

select
    cast(numbered.ix as bigint) as ix,
    numbered.client,
    numbered.client_shortname,
    500000 + (numbered.ix * 48271) % 1000003 as campaign_id,
    numbered.client * 100 + cast(floor(pow(draw(numbered.ix, 'list'), 2) * 8) as integer) + 1001
        as list_id,
    calendar_slot.day as start_date,
    -- Hours in UTC of a day of work in the middle of America, with a morning and an evening peak.
    calendar_slot.day + to_hours(pick(numbered.ix, 'hour', [
        11, 12, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15, 16, 16, 17, 17, 18, 19, 20, 21, 22, 22,
        23, 23, 23, 3, 0, 1
    ])) + to_minutes(5 * cast(floor(draw(numbered.ix, 'minute') * 12) as integer)) as send_at,
    draw(numbered.ix, 'shape') < 0.6 as is_one_row,
    case
        when calendar_slot.day between date '{UNREAD_WEEK}' and date '{UNREAD_WEEK}' + 6
            then 0.4
        else 1
    end as open_factor,
    case
        when calendar_slot.day between date '{BOUNCING_WEEK}' and date '{BOUNCING_WEEK}' + 6
            then 0.1
        else 0.011
    end as bounce_rate,
    upper(numbered.client_shortname[1]) || replace(numbered.client_shortname[2:], '_', ' ') || ' '
    || pick(numbered.ix, 'theme', [
        'appeal', 'newsletter', 'petition', 'survey', 'invitation', 'alert', 'thank you', 'match'
    ]) || ' ' || strftime(calendar_slot.day, '%Y-%m') || ' #' || numbered.pos as campaign_name
from numbered
inner join calendar_slot on calendar_slot.kind = 'sending' and calendar_slot.slot = numbered.slot
order by ix;
"""


def voters(persons: int) -> str:
    """SQL of `voter`, one row a person, and `voter_address`, one row an address of theirs.

    One in a hundred persons is a second registration of the one before (a twin). One in two
    hundred has a second SVID. Half live in households that share a landline, some also an address.
    """
    return f"""
create or replace table voter as
with numbered as (
    select
        p,
        case
            when p % 10 < 2 then p - p % 10
            when p % 10 < 5 then p - (p % 10 - 2)
            when p % 100 = 57 then p - 1
            else p
        end as household,
        case when p % 100 = 57 then p - 1 else p end as human
    from range({persons}) as persons (p)
),

settled as (
    select
        *,
        pick(household, 'state', [
            'WI', 'WI', 'WI', 'WI', 'WI', 'WI', 'MN', 'MN', 'MN', 'MI', 'MI', 'MI', 'MI', 'PA',
            'PA', 'PA', 'GA', 'GA', 'AZ', 'AZ'
        ]) as state,
        cast(floor({TASTES} * case
            when draw(human, 'own taste') < 0.4 then draw(human, 'taste')
            else draw(household, 'household taste')
        end) as integer) as taste,
        household <> p and household = p - p % 10 and draw(household, 'one address') < 0.15
            as shares_address
    from numbered
),

identified as (
    select
        *,
        case state
            when 'WI' then ['Dane', 'Milwaukee', 'Waukesha', 'Brown', 'Racine', 'Outagamie', 'Door']
            when 'MN' then ['Hennepin', 'Ramsey', 'Dakota', 'Anoka', 'St. Louis', 'Olmsted']
            when 'MI' then ['Wayne', 'Oakland', 'Macomb', 'Kent', 'Genesee', 'Ingham']
            when 'PA' then ['Philadelphia', 'Allegheny', 'Bucks', 'Erie', 'Lehigh', 'York']
            when 'GA' then ['Fulton', 'Gwinnett', 'Cobb', 'DeKalb', 'Chatham']
            else ['Maricopa', 'Pima', 'Pinal', 'Yavapai', 'Coconino']
        end as counties,
        1000000 + (human * 1234577 + 777) % 8999993 as svid_number,
        1000000 + ((human + 4000000) * 1234577 + 777) % 8999993 as other_svid_number,
        {FIRST_VOTER_ADDRESS} + 2 * case when shares_address then household else p end as addr,
        case when draw(p, 'second address') < 0.22 then {FIRST_VOTER_ADDRESS} + 2 * p + 1 end
            as second_addr
    from settled
)

select
    p,
    2000000 + p as person_id,
    human,
    household,
    state,
    pick(household, 'county', counties) as county,
    taste,
    case when draw(human, 'no svid') >= 0.012 then case state
        when 'WI' then lpad(cast(svid_number as varchar), 10, '0')
        when 'GA' then lpad(cast(svid_number as varchar), 8, '0')
        when 'MI' then '1' || lpad(cast(svid_number as varchar), 8, '0')
        when 'PA' then lpad(cast(svid_number as varchar), 9, '0') || '-' || (10 + human % 67)
        else cast(svid_number as varchar)
    end end as svid,
    case when p % 200 = 39 then case state
        when 'WI' then lpad(cast(other_svid_number as varchar), 10, '0')
        when 'GA' then lpad(cast(other_svid_number as varchar), 8, '0')
        else cast(other_svid_number as varchar)
    end end as second_svid,
    addr,
    voter_email(addr) as email,
    second_addr,
    voter_email(second_addr) as second_email,
    phone_of(4 * human + 1) as cell_phone,
    phone_of(4 * household + 3) as home_phone,
    draw(p, 'has email') < 0.84 as has_email,
    draw(p, 'has cell') < 0.8 as has_cell_phone,
    draw(p, 'has home') < 0.5 as has_home_phone,
    draw(human, 'silent') < 0.06 as is_silent,
    p % 500 = 99 as lacks_state
from identified
order by p;

create or replace table voter_address as
with addresses as (
    select addr, p, email, 1.0 as share from voter
    union all
    select second_addr, p, second_email, 0.35 from voter where second_addr is not null
)

select
    addresses.addr,
    min(voter.human) as human,
    min(voter.p) as p,
    {FIRST_VOTER_ADDRESS} + min(voter.human) as habit,
    arg_min(voter.taste, voter.p) as taste,
    min(addresses.email) as email,
    min(addresses.share) as share,
    arg_min(voter.state, voter.p) as state,
    arg_min(case when voter.has_cell_phone then voter.cell_phone end, voter.p) as phone
from addresses
inner join voter on addresses.p = voter.p
where not voter.is_silent
group by addresses.addr
order by addresses.addr;
"""


def voter_source() -> str:
    """Addresses of voters as input of `sends`; the factor makes 15 event rows a voter."""
    return """
        select
            addr,
            habit,
            email,
            taste,
            state,
            if(is_tired(habit), 8, 0.95) * share
                * least(if(is_tired(habit), 3, 40), pow(1 - draw(addr, 'activity'), -0.7))
                as activity
        from voter_address
    """


def stranger_source(first: int, count: int, stride: int) -> str:
    """Addresses number `first` … of strangers with events, spread over all addresses of the map."""
    return f"""
        select
            addr,
            addr as habit,
            stranger_email(addr) as email,
            cast(floor(draw(addr, 'taste') * {TASTES}) as integer) as taste,
            cast(null as varchar) as state,
            least(40, pow(1 - draw(addr, 'activity'), -0.7)) as activity
        from (
            select e * {stride} + cast(floor(draw(e, 'spread') * {stride}) as bigint) as addr
            from range({first}, {first + count}) as strangers (e)
        )
    """


def subscriptions(source: str, size: Size) -> str:
    """One row per (address, client) that mails it, with the latent probabilities.

    Lists follow popularity (Zipf) and taste only weakly; opening and clicking follow taste.
    """
    per_taste = size.clients // TASTES
    return f"""
        with chosen as (
            select
                addr,
                habit,
                email,
                taste,
                state,
                activity,
                unnest(list_sort(list_distinct(list_transform(
                    range(least(9, 1 + cast(floor(
                        activity * (0.4 + draw(addr, 'lists'))
                    ) as integer))),
                    lambda s: case
                        when draw(habit * 10 + s, 'list by taste') < 0.3 then
                            {TASTES} * cast(floor(
                                pow({per_taste}, draw(habit * 10 + s, 'client')) - 1
                            ) as integer) + taste
                        else cast(floor(
                            pow({size.clients}, draw(habit * 10 + s, 'client')) - 1
                        ) as integer)
                    end
                )))) as client
            from ({source})
        ),

        described as (
            select
                *,
                client % {TASTES} = taste as is_own_taste,
                -- The key of a person's habit with a client, whatever the address.
                habit * 1000 + client as pair,
                addr * 1000 + client as subscription
            from chosen
        )

        select
            described.addr,
            described.habit,
            described.email,
            described.state,
            described.client,
            described.is_own_taste,
            described.subscription,
            client.first_ix,
            client.campaigns,
            cast(floor(client.campaigns * 0.6 * draw(subscription, 'joined')) as bigint) as joined,
            least(
                1 + cast(floor(
                    described.activity * (0.4 + 1.4 * draw(subscription, 'volume'))
                ) as bigint),
                3 * client.campaigns,
                900
            ) as planned,
            draw(subscription, 'leaves') < if(is_own_taste, 0.012, 0.03) as leaves,
            if(is_clicky(), 0.5, 0) + if(is_clicky(), 0.5, 1) * least(0.95,
                (0.1 + 0.46 * pow(draw(habit, 'opener'), 2))
                * if(is_own_taste, 1.6, 0.75) * (0.65 + 0.7 * draw(pair, 'open habit')))
                as open_probability,
            if(is_clicky(), 0.32, least(0.8,
                (0.07 + 0.03 * draw(habit, 'clicker'))
                * if(is_own_taste, 1.25, 0.9) * (0.8 + 0.4 * draw(pair, 'click habit'))))
                as click_probability,
            draw(habit, 'scanner') < 0.02 as is_scanned
        from described
        inner join client on described.client = client.client
    """


def outcomes(source: str, size: Size) -> str:
    """One row per send, clean, with what becomes of it if nothing else keeps the person quiet.

    Sends of a subscription are a stratified sample of the client's campaigns in order of time, so
    that an unsubscribe ends the list.
    """
    return f"""
        with subscription as ({subscriptions(source, size)}),

        sent as (
            select
                *,
                subscription * 1000 + j as slot
            from (
                select
                    *,
                    unnest(range(if(
                        leaves,
                        1 + cast(floor(planned * draw(subscription, 'left after')) as bigint),
                        planned
                    ))) as j
                from subscription
            )
        ),

        placed as (
            select
                *,
                first_ix + joined + least(campaigns - joined - 1, cast(floor(
                    (j + draw(slot, 'place')) * (campaigns - joined) / planned
                ) as bigint)) as ix,
                leaves and j = cast(floor(planned * draw(subscription, 'left after')) as bigint)
                    as left_now
            from sent
        ),

        queued as (
            select
                placed.* exclude (left_now),
                coalesce(campaign.send_at + interval 2 day >= lapsed_at(habit), false) as is_over,
                -- Lapsed people do not even unsubscribe.
                placed.left_now and not is_over as left_now,
                campaign.campaign_id,
                campaign.is_one_row,
                campaign.open_factor,
                campaign.bounce_rate,
                campaign.send_at + to_seconds(floor(draw(slot, 'queue') * 2400)) as send_at
            from placed
            inner join campaign on placed.ix = campaign.ix
        ),

        delivered as (
            select
                *,
                not left_now and (
                    draw(slot, 'bounce') < bounce_rate
                    or coalesce(send_at >= closed_at(addr), false)
                ) as bounced,
                -- Voters who answer in other channels read less mail.
                case
                    when is_over then 0
                    when is_tired(habit) then if(send_at < timestamp '2025-07-01', 0.5, 0)
                    else open_probability * open_factor * if(
                        habit >= {FIRST_VOTER_ADDRESS} and preferred_channel(habit) <> 'email',
                        0.55, 1
                    )
                end as open_chance,
                draw(slot, 'open') < open_chance as may_open,
                least(0.9, click_probability * case
                    when is_evening_person(habit) or is_saturday_person(habit)
                        then timing_factor(habit, local_of(send_at, zone_of(state)))
                    else 1
                end) as click_chance,
                draw(slot, 'click') as click_luck,
                send_at + to_seconds(floor(-ln(1 - draw(slot, 'open delay')) * 18000) + 20)
                    as open_at
            from queued
        )

        select
            addr,
            habit,
            email,
            client,
            is_own_taste,
            campaign_id,
            state,
            slot,
            send_at,
            open_at,
            open_at + to_seconds(floor(draw(slot, 'click delay') * 240) + 3) as click_at,
            open_chance,
            click_chance,
            left_now or (may_open and not bounced) as opened,
            -- A few click with images off: a click without an open.
            not bounced and not is_over and click_luck < click_chance * if(may_open, 1, 0.01)
                as clicked,
            bounced,
            left_now,
            is_scanned,
            is_one_row
        from delivered
    """


def sends(outcomes: str) -> str:
    """One row per send, with its outcome; `kinds` names the rows that the export makes.

    A letter of `kinds` is a row: `a` everything in one row, `s` the send, `x` the bounce, `o` the
    open, `c` the click, `u` the unsubscribe or complaint, `b` a scanner's visit; a letter twice is
    a row exported twice.
    """
    return f"""
        with dated as (
            select
                *,
                opened and not left_now and draw(slot, 'complaint') < 0.0012 as complained,
                if(clicked, clicks_of(slot), 0) as clicks
            from ({outcomes})
        )

        select
            addr,
            habit,
            email,
            client,
            is_own_taste,
            campaign_id,
            slot,
            send_at,
            open_at,
            click_at,
            opened,
            clicks,
            bounced,
            complained,
            left_now,
            is_scanned,
            if(draw(slot, 'twice') < 0.01, if(is_one_row, 'a', 's'), '')
            || if(is_one_row, 'a', 's' || if(bounced, 'x', '') || if(opened, 'o', '')
                || if(clicked, 'c', '') || if(left_now or complained, 'u', ''))
            || if(is_scanned and not bounced and draw(slot, 'scan') < 0.6, 'b', '') as kinds
        from dated
    """


def event_rows(stage: str, since: str, before: str) -> str:
    """Rows of `email_clickers` for sends in [since, before), in order of the send.

    This adds the noise of a real export: dirty addresses, blank, unknown and padded ids,
    impossible dates, negative flags, flags that are NULL in some clients' systems.
    """
    return f"""
        with exported as (
            select
                *,
                hash(xor(cast(slot as ubigint), hash(kind))) as row_key,
                client % 13 = 5 as leaves_flags_null
            from (
                select
                    *,
                    unnest(string_split(kinds, '')) as kind,
                    generate_subscripts(string_split(kinds, ''), 1) as copy
                from read_parquet('{stage}')
                where send_at >= timestamp '{since}' and send_at < timestamp '{before}'
            )
        ),

        drawn as (
            select
                exported.*,
                client.client_shortname,
                draw(xor(row_key, cast(copy as ubigint)), 'dirt') as dirt,
                -- Copies share their noise, or they would not be copies.
                draw(row_key, 'noise') as noise,
                case kind
                    when 'o' then open_at
                    when 'c' then click_at
                    when 'u' then click_at + interval 90 second
                    when 'b' then send_at + interval 4 second
                    when 'x' then send_at + interval 30 second
                    else send_at
                end as event_at
            from exported
            inner join client on exported.client = client.client
        )

        select
            dirty_email(email, dirt) as "EMAIL",
            case
                when noise between 0.001 and 0.0015 then null
                when noise between 0.0015 and 0.002 then ''
                when noise between 0.002 and 0.0025 then '99' || campaign_id
                else cast(campaign_id as varchar)
            end as "CAMPAIGN_ID",
            case
                when noise between 0.003 and 0.0035 then null
                when noise between 0.0035 and 0.004 then ' '
                when noise between 0.004 and 0.006 then ' ' || client_shortname || '  '
                else client_shortname
            end as "CLIENT_SHORTNAME",
            case
                when noise < 0.0001 then null
                when noise < 0.0003 then event_at + interval 100 year
                when noise < 0.0004 then timestamp '1970-01-01'
                when noise < 0.0005 then timestamp '1900-01-01'
                else event_at
            end as "EVENT_DATE",
            case
                when noise between 0.0006 and 0.0007 then -1
                when kind in ('a', 's') then 1
                when not leaves_flags_null then 0
            end as "SEND",
            case
                when noise between 0.0007 and 0.0008 then -1
                when (kind = 'a' and opened) or kind in ('o', 'b') then 1
                when not leaves_flags_null then 0
            end as "OPEN",
            case
                when kind = 'b' then 1 + cast(floor(draw(slot, 'scanned links') * 3) as integer)
                when kind in ('a', 'c') then clicks
                when not leaves_flags_null then 0
            end as "CLICK",
            case
                when kind in ('a', 'x') then cast(bounced as integer)
                when not leaves_flags_null then 0
            end as "BOUNCE",
            case
                when kind in ('a', 'u') then cast(complained as integer)
                when not leaves_flags_null then 0
            end as "COMPLAINT",
            case
                when kind in ('a', 'u') then cast(left_now as integer)
                when not leaves_flags_null then 0
            end as "UNSUBSCRIBE",
            case
                when kind = 'b' then true
                when kind = 'a' and is_scanned and draw(slot, 'scan') > 0.85 then true
                when draw(row_key, 'bot unknown') >= 0.03 then false
            end as "IS_BOT",
            -- One system in seventeen hands out no ids.
            case when client % 17 <> 3 then lower(to_hex(row_key)) end as "EVENT_ID",
            cast(null as varchar) as "LINK"
        from drawn
        where event_at < timestamp '{LAST_DAY}' + interval 1 day
        order by send_at, slot, copy
    """


def caused_gifts(sends: str) -> str:
    """Gifts that a click caused: a giver's click leads to a gift within 0 to 30 days."""
    return f"""
        with clicked as (
            select *
            from {sends}
            -- Scanners click, but they do not give.
            where clicks > 0 and not is_scanned
                and draw(slot, 'gift') < caused_chance(habit, is_own_taste)
                and coalesce(click_at + interval 31 day < lapsed_at(habit), true)
        )

        select
            cast(clicked.slot as ubigint) as gift_key,
            clicked.addr,
            clicked.habit,
            clicked.email,
            case
                when clicked.addr >= {FIRST_VOTER_ADDRESS} then voter_address.phone
                else phone_of(2 * clicked.addr)
            end as phone,
            voter_address.state,
            gift_after(click_at, slot) as gift_at,
            clicked.campaign_id,
            clicked.client,
            clicked.click_at,
            clicked.addr >= {FIRST_VOTER_ADDRESS} as is_voter
        from clicked
        left join voter_address on clicked.addr = voter_address.addr
    """


def own_gifts(source: str) -> str:
    """Gifts without a click of givers among strangers; readers give more often."""
    return f"""
        select
            cast(addresses.addr * 100 + j as ubigint) as gift_key,
            addresses.addr,
            addresses.habit,
            addresses.email,
            phone_of(2 * addresses.addr) as phone,
            cast(null as varchar) as state,
            calendar_slot.day
            + to_seconds(1 + floor(draw(addresses.addr * 100 + j, 'time') * 86000)) as gift_at,
            cast(null as bigint) as campaign_id,
            cast(null as integer) as client,
            cast(null as timestamp) as click_at,
            false as is_voter
        from (
            select
                *,
                unnest(range(if(is_giver(habit), least(36, cast(floor(
                    giving_rate(habit, addr)
                ) as bigint)), 0))) as j
            from ({source})
        ) as addresses
        inner join calendar_slot
            on calendar_slot.kind = 'giving'
            and calendar_slot.slot
            = cast(floor(draw(addresses.addr * 100 + j, 'gift day') * {SLOTS}) as integer)
    """


def stranger_gifts(count: int, addresses: int) -> str:
    """`count` gifts of people who are in the map at most."""
    return f"""
        select
            cast(i as ubigint) + 5000000000000000000 as gift_key,
            addr,
            addr as habit,
            stranger_email(addr) as email,
            phone_of(2 * addr) as phone,
            cast(null as varchar) as state,
            calendar_slot.day + to_seconds(1 + floor(draw(i, 'stranger time') * 86000)) as gift_at,
            cast(null as bigint) as campaign_id,
            cast(null as integer) as client,
            cast(null as timestamp) as click_at,
            false as is_voter
        from (
            select
                i,
                cast(floor(draw(i // 2, 'stranger gives') * {addresses}) as bigint) as addr
            from range({count}) as gifts (i)
        ) as strangers
        inner join calendar_slot
            on calendar_slot.kind = 'giving'
            and calendar_slot.slot
            = cast(floor(draw(i, 'stranger day') * {SLOTS}) as integer)
    """


FIRST_LARGE_GIFT = 6_000_000_000_000_000_000  # the keys of gifts that are large whatever is drawn

GIFT_DETAILS = f"""
    select
        *,
        if(gift_key >= {FIRST_LARGE_GIFT}, 400 + 10 * (amount_of(gift_key) % 60),
            amount_of(gift_key)) as amount,
        case when draw(gift_key, 'id') >= 0.08 then 'G' || to_hex(hash(gift_key)) end
            as donation_id,
        -- Two in five gifts are known by their date only.
        case when draw(gift_key, 'date only') < 0.4 then date_trunc('day', gift_at) else gift_at
        end as donation_date,
        phone is not null and draw(gift_key, 'reach') < if(is_voter, 0.07, 0.12)
            as is_phone_only,
        draw(gift_key, 'reach') > 0.55 as is_email_only,
        'g' || if(draw(gift_key, 'twice') < 0.01, 'g', '')
        || if(draw(gift_key, 'refund') < 0.005, 'r', '') as kinds
    from gift
    where gift_at < timestamp '{LAST_DAY}' + interval 1 day
"""


def donation_rows(gifts: str, since: str, before: str) -> str:
    """Rows of `donations` for gifts in [since, before), in order of the gift."""
    return f"""
        with gift as (
            select * from read_parquet('{gifts}')
            where gift_at >= timestamp '{since}' and gift_at < timestamp '{before}'
        ),

        exported as (
            select
                *,
                unnest(string_split(kinds, '')) as kind,
                generate_subscripts(string_split(kinds, ''), 1) as copy,
                draw(gift_key, 'noise') as noise
            from ({GIFT_DETAILS})
        )

        select
            case when not is_phone_only then dirty_email(email, draw(gift_key + copy, 'dirt')) end
                as "EMAIL",
            case when is_phone_only or not is_email_only
                then dirty_phone(phone, draw(gift_key + copy, 'phone dirt')) end
                as "CONTACT_NUMBER",
            case
                when noise < 0.0002 then donation_date + interval 100 year
                when noise < 0.0004 then timestamp '1970-01-01'
                when noise < 0.0005 then null
                when kind = 'r' then least(donation_date + interval 3 day, timestamp '{LAST_DAY}')
                else donation_date
            end as "DONATION_DATE",
            coalesce(state, pick(gift_key, 'state', [
                'WI', 'MN', 'MI', 'PA', 'GA', 'AZ', 'TX', 'FL', 'OH', 'CA', 'NY', 'IL', 'wi', ''
            ])) as "STATE",
            case
                when kind = 'r' then -amount
                when noise between 0.001 and 0.004 then 0
                when noise between 0.004 and 0.007 then null
                else amount
            end as "AMOUNT",
            donation_id || if(kind = 'r', '-R', '') as "DONATION_ID"
        from exported
        order by gift_at, gift_key, copy
    """


def voter_map() -> str:
    """SQL of `voter_map`: the rows of the map about voters, about 1.6 each.

    A voter's phones lead to the voter's addresses and, if a number has changed hands, to the
    addresses of a stranger.
    """
    return """
create or replace table voter_map as
with links as (
    select p, cell_phone as phone, email, 'own' as what from voter
    where has_cell_phone and (draw(p, 'cell map') < 0.55 or not has_email)
    union all
    select p, home_phone, email, 'own' from voter
    where has_home_phone and draw(p, 'home map') < 0.7
    union all
    select p, if(has_cell_phone, cell_phone, home_phone), second_email, 'second' from voter
    where second_email is not null
    union all
    select p, cell_phone, email, 'later cohort' from voter
    where has_cell_phone and draw(p, 'cohort again') < 0.9 and draw(p, 'cell map') < 0.55
    union all
    select p, cell_phone, stranger_email(7 * p), 'phone passed on' from voter
    where has_cell_phone and draw(p, 'passed on') < 0.03
    union all
    -- Homes whose line is the contact of many: five addresses, and six.
    select p, home_phone, email_of(3000000000 + 100 * p + j, 1), 'many addresses'
    from voter
    cross join range(6) as others (j)
    where has_home_phone and p % 300 = 16 and j < 5 + p % 2
)

select
    p,
    phone,
    email,
    what,
    row_number() over (order by p, what, phone, email) as link_key
from links
order by link_key;
"""


def map_rows(first: int, count: int, part: int, parts: int) -> str:
    """Rows `first` … of `list_link_phone_email_map` about strangers, with a share of the voters'.

    Ten rows are a neighbourhood of seven addresses and seven phones; one neighbourhood in a
    thousand shares one phone.
    """
    return f"""
        with linked as (
            select
                {FIRST_VOTER_ADDRESS} + link_key as row_key,
                email,
                phone
            from voter_map
            where link_key % {parts} = {part}
            union all
            select
                i as row_key,
                stranger_email(
                    (i // 10) * 7 + [0, 1, 1, 2, 3, 3, 4, 4, 5, 6][1 + i % 10]
                ) as email,
                phone_of(2 * (
                    (i // 10) * 7
                    + if((i // 10) % 1000 = 0, 0, [0, 1, 2, 2, 3, 3, 3, 4, 5, 6][1 + i % 10])
                )) as phone
            from range({first}, {first + count}) as numbers (i)
        ),

        dated as (
            select
                *,
                draw(row_key, 'map dirt') as dirt,
                draw(row_key, 'map phone dirt') as phone_dirt,
                -- Most contacts came with the big cohorts, at the turn of a month.
                timestamp '2014-01-01' + to_months(cast(
                    floor(150 * sqrt(draw(row_key, 'cohort'))) as integer)) as first_seen
            from linked
        )

        select
            dirty_phone(phone, phone_dirt) as "CONTACT_NUMBER",
            dirty_email(email, dirt) as "EMAIL",
            case when draw(row_key, 'late') < 0.0002 then timestamp '2151-01-01' else first_seen
            end as "FIRST_COHORT_AT",
            case when draw(row_key, 'last') >= 0.1 then least(
                timestamp '{LAST_DAY}',
                first_seen + to_months(cast(floor(40 * draw(row_key, 'last')) as integer))
            ) end as "LAST_COHORT_AT"
        from dated
    """


def person_rows() -> str:
    """Rows of `person` for the random voters; one in two hundred has two rows."""
    return """
        select
            person_id as id,
            case
                when has_email then dirty_email(email, draw(p, 'person dirt'))
                else pick(p, 'no email', [null, null, null, '', ' ', 'n/a', 'none@none.com'])
            end as email,
            case when has_cell_phone then dirty_phone(cell_phone, draw(p, 'cell dirt')) end
                as cell_phone,
            case when has_home_phone then dirty_phone(home_phone, draw(p, 'home dirt')) end
                as home_phone,
            case when draw(p, 'no county') >= 0.01 then county end as county,
            case
                when lacks_state then null
                when draw(p, 'state dirt') < 0.01 then lower(state)
                when draw(p, 'state dirt') < 0.02 then ' ' || state || ' '
                else state
            end as state
        from (
            select voter.*, unnest(range(if(p % 200 = 120, 2, 1))) as copy
            from voter
        )
        order by draw(p, 'person order'), copy
    """


# The fields of a voter file, in order of their ids.
FIELDS = [
    "state_voter_id", "party", "birth_date", "gender", "voter_key", "precinct_code",
    "registration_date", "congressional_district", "household_size", "age_range",
    "ethnicity_model", "education", "income_range", "home_owner", "dwelling_type",
    "marital_status", "children_in_home", "veteran", "religion_model", "language", "occupation",
    "hunting_license", "gun_owner_model", "pet_owner", "turnout_2016", "turnout_2018",
    "turnout_2020", "turnout_2022", "turnout_2024", "primary_2020", "primary_2022",
    "primary_2024", "absentee_2024", "early_vote_2024", "turnout_score", "partisan_score",
    "donor_model", "volunteer_model", "tax_issue_score", "education_issue_score",
    "health_issue_score", "energy_issue_score", "border_issue_score", "union_household",
    "school_district", "state_senate_district", "state_house_district", "county_commission",
    "media_market", "urbanicity", "magazine_reader", "social_media_user", "streaming_household",
    "solar_model", "vehicle_count", "dnc_flag",
]  # fmt: skip
DEMOGRAPHICS = 5  # the first fields; nearly everybody has them


def custom_fields() -> str:
    """SQL of `field`: the ids and names of custom fields, three names under a second id."""
    values = ",\n    ".join(f"({i}, '{name}')" for i, name in enumerate(FIELDS, start=1))
    return f"""
create or replace table field as
select cast(id as integer) as id, name
from (values
    {values},
    (101, ' State_Voter_ID '), (102, 'PARTY'), (103, 'Birth_Date ')
) as fields (id, name);
"""


def field_rows(rows: int, persons: int) -> str:
    """About `rows` rows of `person_custom_field` for `persons` persons at large.

    Party and age follow the taste, so that people with the same taste share them.
    """
    optional = len(FIELDS) - DEMOGRAPHICS
    each = rows / persons - 4.87  # the demographics below
    return f"""
        with demographics as (
            -- One in fifty under the second id of the name.
            select person_id, p, if(p % 50 = 3, 101, 1) as field, svid as value from voter
            where svid is not null
            union all
            select person_id, p, 101, second_svid from voter where second_svid is not null
            union all
            select person_id, p, if(p % 40 = 7, 102, 2), case
                when draw(p, 'party') < 0.08 + 0.08 * taste then 'Republican'
                when draw(p, 'party') < 0.85 then 'Democratic'
                when draw(p, 'party') < 0.97 then 'Unaffiliated'
                else 'Libertarian'
            end from voter
            where draw(p, 'has party') < 0.95
            union all
            select person_id, p, if(p % 60 = 11, 103, 3), case
                when draw(p, 'birth dirt') < 0.004 then '0000-00-00'
                when draw(p, 'birth dirt') < 0.008 then '07/04/1961'
                -- Some states register people before they may vote.
                when draw(human, 'minor') < 0.004 then strftime(date '2008-07-15' + to_days(
                    cast(floor(650 * draw(human, 'minor age')) as integer)), '%Y-%m-%d')
                when draw(p, 'birth dirt') < 0.01 then '2190-01-01'
                -- Systems that must have a date make it the first of January; leap days are real.
                when draw(p, 'birth dirt') < 0.025
                    then cast(1935 + cast(floor(70 * draw(human, 'age')) as integer) as varchar)
                        || '-01-01'
                when draw(p, 'birth dirt') < 0.03
                    then cast(1936 + 4 * cast(floor(17 * draw(human, 'age')) as integer) as varchar)
                        || '-02-29'
                else strftime(date '1934-01-01' + to_days(cast(floor(365.25 * (
                    4.5 * taste + 28 * draw(human, 'age')
                )) as integer)), '%Y-%m-%d')
            end from voter
            where draw(human, 'has birth') < 0.93
            union all
            select person_id, p, 4, if(draw(human, 'gender') < 0.52, 'F', 'M') from voter
            where draw(human, 'has gender') < 0.97
            union all
            select person_id, p, 5, 'VK' || lpad(cast(human * 31 % 100000007 as varchar), 9, '0')
            from voter
            union all
            -- A few have a second, other value.
            select person_id, p, 2, 'Unaffiliated' from voter where p % 90 = 44
        ),

        others as (
            select
                person_id,
                p,
                {DEMOGRAPHICS} + 1
                + cast((p * 17 + j * 11) % {optional} as integer) as field
            from voter
            cross join range({optional}) as numbers (j)
            where j < floor({each} + draw(p, 'fields'))
        ),

        described as (
            select
                person_id,
                p,
                field,
                case
                    when field in (6, 45, 46, 47) then lpad(cast(
                        cast(floor(draw(p * 100 + field, 'value') * 400) as integer) as varchar
                    ), 4, '0')
                    when field = 7 then strftime(date '1980-01-01' + to_days(cast(floor(
                        16000 * draw(p, 'registered')
                    ) as integer)), '%Y-%m-%d')
                    when field % 4 = 0 then pick(p * 100 + field, 'value', ['Y', 'N', 'U'])
                    when field % 4 = 1 then cast(
                        cast(floor(100 * draw(p * 100 + field, 'value')) as integer) as varchar
                    )
                    when field % 4 = 2 then pick(p * 100 + field, 'value', ['1', '0', '', null])
                    else pick(p * 100 + field, 'value', ['low', 'medium', 'high', 'unknown'])
                end as value
            from others
            union all
            select person_id, p, field, value from demographics
        )

        select person_id, field as custom_field_id, value
        from described
        order by p, field, value
    """


def campaign_rows(sms: int) -> str:
    """Rows of `campaigns`: those mailed, a few twice with another date, and `sms` text messages."""
    return f"""
        with listed as (
            select
                *,
                unnest(range(if(draw(ix, 'listed twice') < 0.01, 2, 1))) as copy
            from campaign
            where draw(ix, 'unlisted') >= 0.003
        )

        select
            campaign_id as "CAMPAIGN_ID",
            client_shortname as "CLIENT_SHORTNAME",
            list_id as "LIST_ID",
            'email' as "CHANNEL",
            campaign_name || if(copy = 1, ' (resend)', '') as "CAMPAIGN_NAME",
            start_date + cast(copy as integer) * 5 as "START_DATE"
        from listed
        union all
        select
            8000000 + i,
            client.client_shortname,
            client.client * 100 + 1090,
            'sms',
            'Text ' || i,
            date '{FIRST_DAY}' + cast(floor(1095 * draw(i, 'sms day')) as integer)
        from range({sms}) as texts (i)
        inner join client
            on client.client = cast(floor(
                pow(draw(i, 'sms client'), 2) * (select count(*) from client)
            ) as integer)
        order by "CAMPAIGN_ID", "START_DATE"
    """


# The truth about the random population, by file of `truth/`.
TRUTH = {
    # Which person rows are the same human being, voter or household, and which share a taste.
    "persons": f"""
        select
            person_id,
            nullif(state, if(lacks_state, state, '')) as state,
            svid,
            second_svid,
            2000000 + human as human_id,
            2000000 + household as household_id,
            taste as taste_cluster,
            email as main_email,
            second_email,
            is_silent,
            is_giver({FIRST_VOTER_ADDRESS} + human) as is_giver
        from voter
        order by person_id
    """,
    "clients": """
        select client_shortname, taste as taste_cluster, campaigns from client order by client
    """,
    "incidents": f"""
        select *
        from (values
            (date '{UNREAD_WEEK}', 'open_rate', 'opens fall to 0.4 of their level'),
            (date '{BOUNCING_WEEK}', 'bounce_rate', 'bounces rise from 1.1 to 10 percent')
        ) as incidents (week_start, metric, what)
        order by week_start
    """,
}


def preference_truth(size: Size) -> str:
    """Latent probabilities per person and client; the preferred client has the highest score."""
    return f"""
        select
            voter.person_id,
            client.client_shortname,
            round(max(subscription.open_probability), 6) as open_probability,
            round(max(subscription.open_probability * subscription.click_probability), 6)
                as click_probability,
            max(subscription.planned) as planned_sends,
            row_number() over (
                partition by voter.person_id
                order by
                    max(subscription.open_probability * (1 + 3 * subscription.click_probability))
                    desc,
                    client.client_shortname
            ) = 1 as is_preferred
        from ({subscriptions(voter_source(), size)}) as subscription
        inner join voter_address on subscription.addr = voter_address.addr
        inner join voter on voter_address.human = voter.human
        inner join client on subscription.client = client.client
        group by voter.person_id, client.client_shortname
        order by voter.person_id, client.client_shortname
    """


def cause_truth(gifts: str) -> str:
    """Gifts that a campaign caused; a row key stands for donations without an id."""
    return f"""
        with gift as (
            select * from read_parquet('{gifts}') where campaign_id is not null
        )

        select
            detailed.donation_id,
            detailed.donation_date,
            case when not detailed.is_phone_only then detailed.email end as email_key,
            case when detailed.is_phone_only or not detailed.is_email_only then detailed.phone end
                as phone_key,
            detailed.amount,
            cast(detailed.campaign_id as varchar) as campaign_id,
            client.client_shortname,
            detailed.click_at,
            cast(detailed.donation_date as date) - cast(detailed.click_at as date)
                as days_to_donation,
            2000000 + voter_address.p as person_id
        from ({GIFT_DETAILS}) as detailed
        inner join client on detailed.client = client.client
        left join voter_address on detailed.addr = voter_address.addr
        order by detailed.gift_at, detailed.gift_key
    """
