"""Chances that the scores are to find, and how well anybody could find them.

What a voter does next depends on what was seen of the voter before. Every 60 days people fall quiet
for a while: the longer they have done nothing, the likelier. In the last year nobody gives for the
first time but by a chance that grows with clicks, clients, channels and recency. Both are drawn
period by period, from the acts of the periods before.

`TRUTH` says of each person and period how likely the event was and whether it happened, and how
well that chance ranks the people of a period: no score can be expected to rank them better.
"""

from __future__ import annotations

from sample_data import channels
from sample_data.world import FIRST_LARGE_GIFT, FIRST_VOTER_ADDRESS, LAST_DAY, SLOTS

QUIET_DAYS = 60
GIFT_DAYS = 90
QUIET_PERIODS = 12  # the last two years, as long as there are other channels than mail
GIFT_PERIODS = 4  # the last year; earlier first gifts come by themselves
LONGEST_PAUSE = 3650
CLICKY_GIFTS = 55  # gifts in the place of one in a clicky world: about 100 a donor
SECOND_GIFT = 0.07  # the chance to give again within 90 days, after a first gift by chance
JUDGED_PERIODS = 2  # the moments of marts.score_evaluation

MACROS = f"""
-- Periods are counted from the last day of the world backwards; the last one is 0.
create or replace macro period_of(moment, days) as
    cast(floor(date_diff('day', cast(moment as date), date '{LAST_DAY}') / days) as bigint);

create or replace macro logistic(x) as 1 / (1 + exp(-(x)));

-- The chance to fall quiet for a period, of people who did something in the period before, and to
-- stay quiet, of others.
create or replace macro quiet_chance(days_since, active_days) as
    if(days_since < {QUIET_DAYS},
        logistic(-2.4 + 0.7 * (ln(1 + days_since) - 3) - 0.7 * (ln(1 + active_days) - 1.2)),
        logistic(-2.1 + 0.8 * (ln(1 + least(days_since, 720)) - 5)));

-- The chance of a first gift within {GIFT_DAYS} days.
create or replace macro first_gift_chance(clicks, clients, channels, days_since) as
    logistic(-2.2 + 0.38 * (ln(1 + clicks) + ln(1 + clients) + ln(1 + channels))
        - 0.53 * ln(1 + least(days_since, 720)));
"""


def moment(period: str, days: int) -> str:
    """The last day before a period."""
    return f"(date '{LAST_DAY}' - cast(({period} + 1) * {days} as integer))"


GIVING = f"""
-- The share of all gifts in each period, and the slots of the calendar that fall into it.
create or replace table giving_period as
select days, period, count(*) / {SLOTS}.0 as share, min(slot) as first_slot, count(*) as slots
from (
    select days, slot, period_of(day, days) as period
    from calendar_slot
    cross join (values ({QUIET_DAYS}), ({GIFT_DAYS})) as lengths (days)
    where kind = 'giving'
)
group by days, period
order by days, period;

-- How many gifts each address makes in three years without a click, on average.
create or replace table giver as
select
    addr,
    habit,
    lapsed_at(habit) as lapsed_at,
    least(40, (0.45 + 0.5 * pow(draw(habit, 'opener'), 2)) * pow(1 - draw(addr, 'gifts'), -0.84))
        as gifts
from voter_address
where is_giver(habit)
order by addr;

create or replace table own_gift as
select
    cast(giver.addr * 10000 + period * 700 + n as ubigint) as gift_key,
    giver.addr,
    giver.habit,
    voter_address.email,
    voter_address.phone,
    voter_address.state,
    calendar_slot.day
    + to_seconds(1 + floor(draw(giver.addr * 10000 + period * 700 + n, 'time') * 86000)) as gift_at,
    cast(null as bigint) as campaign_id,
    cast(null as integer) as client,
    cast(null as timestamp) as click_at,
    true as is_voter
from (
    select
        giver.*,
        giving_period.*,
        giver.gifts * giving_period.share as mean,
        draw(giver.addr * 100 + giving_period.period, 'gifts of a period') as luck,
        -- By the distribution of Poisson, up to six.
        unnest(range(if(is_clicky(), {CLICKY_GIFTS}, 1) * list_count(list_filter(
            range(6), lambda n: luck >= exp(-mean) * list_sum(
                list_transform(range(n + 1), lambda k: pow(mean, k) / gamma(k + 1))
            )
        )))) as n
    from giver
    cross join giving_period
    where giving_period.days = {GIFT_DAYS}
) as giver
inner join calendar_slot
    on calendar_slot.kind = 'giving'
    and calendar_slot.slot = giver.first_slot + cast(floor(
        draw(giver.addr * 10000 + giver.period * 700 + n, 'gift day') * giver.slots
    ) as integer)
inner join voter_address on giver.addr = voter_address.addr
where coalesce(calendar_slot.day + interval 1 day < giver.lapsed_at, true)
order by gift_key;
"""

QUIET = f"""
create or replace table quiet (who bigint, which bigint); -- no names of other tables: see is_quiet

create or replace macro is_quiet(whose, moment) as exists (
    select 1 from quiet
    where quiet.who = whose and quiet.which = period_of(moment, {QUIET_DAYS})
);
"""


def acts(means: dict[str, float]) -> str:
    """SQL of `voter_act`: what voters do if nothing keeps them quiet; gifts stand apart."""
    return f"""
create or replace table voter_act as
with mail as (
    select habit, 'email' as channel, client_shortname as client, open_at as acted_at, 0 as clicks
    from voter_outcome
    inner join client using (client)
    where opened
    union all
    select habit, 'email', client_shortname, click_at, clicks_of(slot)
    from voter_outcome
    inner join client using (client)
    where clicked
),

others as (
    {channels.acts(means)}
)

select *, period_of(acted_at, {QUIET_DAYS}) as period
from (
    select * from mail
    union all
    select * from others where habit >= {FIRST_VOTER_ADDRESS}
)
where acted_at < timestamp '{LAST_DAY}' + interval 1 day
order by habit, acted_at, channel, client, clicks;
"""


def fall_quiet(period: int) -> str:
    """SQL that decides who is quiet in a period, from the acts of the periods before."""
    return f"""
insert into quiet
select habit, {period}
from (
    select
        voter_act.habit,
        min(date_diff('day', cast(acted_at as date), {moment(str(period), QUIET_DAYS)}))
            as days_since,
        count(distinct case when voter_act.period <= {period} + 3 then cast(acted_at as date) end)
            as active_days
    from voter_act
    anti join quiet on voter_act.habit = quiet.who and voter_act.period = quiet.which
    where voter_act.period > {period}
    group by voter_act.habit
)
where draw(habit * 64 + {period}, 'quiet') < quiet_chance(days_since, active_days)
order by habit;
"""


SEEN = """
create or replace table seen_act as
select voter_act.*
from voter_act
anti join quiet on voter_act.habit = quiet.who and voter_act.period = quiet.which
order by habit, acted_at, channel, client, clicks;

-- Whom anybody knows: since when there was mail or an act.
create or replace table known_voter as
select habit, min(known_at) as known_at
from (
    select habit, cast(send_at as date) as known_at from voter_outcome
    union all
    select habit, cast(acted_at as date) from seen_act
)
group by habit
order by habit;
"""

CALMED = f"""
    select
        outcome.* exclude (opened, clicked, left_now),
        outcome.opened and before_open.who is null as opened,
        outcome.clicked and before_click.who is null as clicked,
        outcome.left_now and before_open.who is null as left_now
    from voter_outcome as outcome
    left join quiet as before_open
        on outcome.habit = before_open.who
        and period_of(outcome.open_at, {QUIET_DAYS}) = before_open.which
    left join quiet as before_click
        on outcome.habit = before_click.who
        and period_of(outcome.click_at, {QUIET_DAYS}) = before_click.which
    order by outcome.slot
"""
"""`voter_outcome` without what quiet people would have done."""


def first_gifts(caused: str) -> str:
    """SQL of `voter_gift`: gifts by clicks and by themselves, first gifts by what was seen.

    Who had not given a year ago gives first by `first_gift_chance`, and only then as before.
    """
    periods = " union all ".join(f"select {n} as period" for n in range(GIFT_PERIODS))
    return f"""
create or replace table gift_candidate as
select * from ({caused})
union all
select * from own_gift
union all
-- Three large gifts, the last of them long ago.
select
    cast({FIRST_LARGE_GIFT} + p * 10 + n as ubigint),
    addr,
    habit,
    email,
    phone,
    state,
    timestamp '2023-09-01' + to_days(cast(160 * n + floor(draw(p * 10 + n, 'large') * 120)
        as integer)) + interval 17 hour,
    null,
    null,
    null,
    true
from (select *, unnest(range(3)) as n from voter_address where is_big_giver(p) and share = 1)
order by gift_key;

create or replace table first_gift_chance as
with history as (
    select
        known_voter.habit,
        periods.period,
        coalesce(sum(seen_act.clicks), 0) as clicks,
        count(distinct seen_act.client) as clients,
        count(distinct seen_act.channel) as channels,
        coalesce(min(date_diff(
            'day', cast(seen_act.acted_at as date), {moment("periods.period", GIFT_DAYS)}
        )), {LONGEST_PAUSE}) as days_since
    from known_voter
    inner join ({periods}) as periods
        on known_voter.known_at <= {moment("periods.period", GIFT_DAYS)}
    left join seen_act
        on known_voter.habit = seen_act.habit
        and cast(seen_act.acted_at as date) <= {moment("periods.period", GIFT_DAYS)}
    group by known_voter.habit, periods.period
)

select *, first_gift_chance(clicks, clients, channels, days_since) as chance
from history
order by habit, period;

create or replace table donor as
select habit, min(gift_at) as first_gift_at
from gift_candidate
where gift_at < timestamp '{LAST_DAY}' + interval 1 day
group by habit
having min(gift_at) < {moment(str(GIFT_PERIODS - 1), GIFT_DAYS)} + 1
order by habit;

create or replace table first_giver as
with drawn as (
    select habit, max(period) as period
    from first_gift_chance
    anti join donor on first_gift_chance.habit = donor.habit
    where draw(habit * 64 + period, 'first gift') < chance
    group by habit
),

home as (
    select habit, min(addr) as addr
    from voter_address
    group by habit
),

placed as (
    select
        drawn.habit,
        home.addr,
        drawn.period,
        {moment("drawn.period", GIFT_DAYS)}
        + to_days(1 + cast(floor(draw(drawn.habit, 'first day') * {GIFT_DAYS}) as integer))
        + to_seconds(1 + floor(draw(drawn.habit, 'first time') * 86000)) as gift_at
    from drawn
    inner join home on drawn.habit = home.habit
),

-- Half of those who click in the first two months give because of a click, soon after it.
clicked as (
    select
        placed.habit,
        arg_min(outcome.campaign_id, (outcome.click_at, outcome.slot)) as campaign_id,
        arg_min(outcome.client, (outcome.click_at, outcome.slot)) as client,
        min(outcome.click_at) as click_at
    from placed
    inner join ({CALMED}) as outcome
        on placed.habit = outcome.habit
        and outcome.clicked
        and not outcome.is_scanned
        and date_diff(
            'day', {moment("placed.period", GIFT_DAYS)}, cast(outcome.click_at as date)
        ) between 1 and {GIFT_DAYS - 30}
    where draw(placed.habit, 'first cause') < 0.5
    group by placed.habit
)

select
    placed.* exclude (gift_at),
    if(
        clicked.habit is null,
        placed.gift_at,
        gift_after(clicked.click_at, placed.habit)
    ) as gift_at,
    clicked.campaign_id,
    clicked.client,
    clicked.click_at
from placed
left join clicked on placed.habit = clicked.habit
order by placed.habit;

create or replace table voter_gift as
select gift_candidate.*
from gift_candidate
left join donor on gift_candidate.habit = donor.habit
left join first_giver on gift_candidate.habit = first_giver.habit
where donor.habit is not null or gift_candidate.gift_at > first_giver.gift_at
union all
select
    hash(first_giver.addr, first_giver.gift_at) // 4 as gift_key,
    first_giver.addr,
    first_giver.habit,
    voter_address.email,
    voter_address.phone,
    voter_address.state,
    first_giver.gift_at,
    first_giver.campaign_id,
    first_giver.client,
    first_giver.click_at,
    true as is_voter
from (
    select * from first_giver
    union all
    select
        first_giver.* exclude (gift_at, campaign_id, client, click_at),
        {moment("later.period", GIFT_DAYS)}
        + to_days(1 + cast(floor(draw(habit * 64 + later.period, 'second day') * {GIFT_DAYS})
            as integer))
        + to_seconds(1 + floor(draw(habit * 64 + later.period, 'second time') * 86000)),
        null,
        null,
        null
    from first_giver
    inner join ({periods}) as later on later.period < first_giver.period
    where draw(habit * 64 + later.period, 'second gift') < {SECOND_GIFT}
) as first_giver
inner join voter_address on first_giver.addr = voter_address.addr;
"""


def chances(means: dict[str, float]) -> str:
    """SQL of `chance`, one row a person, outcome and period: how likely, and what happened."""
    quiet_periods = " union all ".join(f"select {n} as period" for n in range(JUDGED_PERIODS))
    return f"""
create or replace table chance as
with periods as ({quiet_periods}),

-- How many gifts a person makes in a period on average, by themselves.
mean_gifts as (
    select giver.habit, giving_period.days, giving_period.period,
        sum(giver.gifts * giving_period.share) as gifts
    from giver
    cross join giving_period
    where giving_period.period < {JUDGED_PERIODS} and giver.lapsed_at is null
    group by giver.habit, giving_period.days, giving_period.period
),

-- What mail leads to, on average over the last year: nobody knows the mailings of the future.
mail as (
    select
        habit,
        sum(if(bounced, 0, ln(1 - open_chance - (1 - open_chance) * click_chance * 0.01))) / 360
            as no_act,
        sum(ln(1 - if(bounced or is_scanned, 0,
            open_chance * click_chance * caused_chance(habit, is_own_taste)))) / 360 as no_gift
    from voter_outcome
    where period_of(send_at, 360) = 0
    group by habit
),

others as (
    select habit, period, sum(no_act) as no_act
    from ({channels.silences(means, QUIET_DAYS)})
    where habit >= {FIRST_VOTER_ADDRESS}
    group by habit, period
),

history as (
    select
        known_voter.habit,
        periods.period,
        min(date_diff('day', cast(seen_act.acted_at as date),
            {moment("periods.period", QUIET_DAYS)})) as days_since,
        count(distinct case when seen_act.period <= periods.period + 3
            then cast(seen_act.acted_at as date) end) as active_days
    from known_voter
    inner join periods on known_voter.known_at <= {moment("periods.period", QUIET_DAYS)}
    left join seen_act on known_voter.habit = seen_act.habit and seen_act.period > periods.period
    group by known_voter.habit, periods.period
),

given as (
    select
        habit,
        min(cast(gift_at as date)) as first_gift_on,
        list(cast(gift_at as date)) as gifts
    from voter_gift
    where gift_at < timestamp '{LAST_DAY}' + interval 1 day
    group by habit
),

-- Somebody is active who acted or gave within the period before.
activity as (
    select
        history.*,
        coalesce(days_since < {QUIET_DAYS}, false) or coalesce(len(list_filter(
            given.gifts, lambda g: period_of(g, {QUIET_DAYS}) = history.period + 1
        )), 0) > 0 as is_active,
        acted.habit is not null or coalesce(len(list_filter(
            given.gifts, lambda g: period_of(g, {QUIET_DAYS}) = history.period
        )), 0) > 0 as has_acted,
        if(days_since is null, 0, quiet_chance(days_since, active_days)) as quiet,
        exp(coalesce({QUIET_DAYS} * mail.no_act, 0) + coalesce(others.no_act, 0)) as no_act,
        exp({QUIET_DAYS} * coalesce(mail.no_gift, 0) - coalesce(mean_gifts.gifts, 0)) as no_gift
    from history
    left join given on history.habit = given.habit
    left join (select distinct habit, period from seen_act) as acted
        on history.habit = acted.habit and history.period = acted.period
    left join mail on history.habit = mail.habit
    left join others on history.habit = others.habit and history.period = others.period
    left join mean_gifts
        on history.habit = mean_gifts.habit
        and history.period = mean_gifts.period
        and mean_gifts.days = {QUIET_DAYS}
),

giving as (
    select
        first_gift_chance.habit,
        first_gift_chance.period,
        coalesce(given.first_gift_on <= {moment("first_gift_chance.period", GIFT_DAYS)}, false)
            as has_given,
        len(list_filter(
            given.gifts, lambda g: period_of(g, {GIFT_DAYS}) = first_gift_chance.period
        )) > 0 as gives,
        first_gift_chance.chance as first_chance,
        1 - exp({GIFT_DAYS} * coalesce(mail.no_gift, 0) - coalesce(mean_gifts.gifts, 0))
            * if(first_giver.period > first_gift_chance.period, 1 - {SECOND_GIFT}, 1)
            as next_chance
    from first_gift_chance
    left join given on first_gift_chance.habit = given.habit
    left join first_giver on first_gift_chance.habit = first_giver.habit
    left join mean_gifts
        on first_gift_chance.habit = mean_gifts.habit
        and first_gift_chance.period = mean_gifts.period
        and mean_gifts.days = {GIFT_DAYS}
    left join mail on first_gift_chance.habit = mail.habit
    where first_gift_chance.period < {JUDGED_PERIODS}
)

select
    habit,
    if(is_active, 'quiet', 'return') as outcome,
    if(is_active, 'active', 'dormant') as population,
    {QUIET_DAYS} as horizon_days,
    {moment("period", QUIET_DAYS)} as as_of_date,
    if(is_active, no_gift * (quiet + (1 - quiet) * no_act),
        1 - no_gift * (quiet + (1 - quiet) * no_act)) as chance,
    has_acted <> is_active as has_happened
from activity
union all
select
    habit,
    if(has_given, 'gift', 'first_gift'),
    if(has_given, 'past_donors', 'never_donors'),
    {GIFT_DAYS},
    {moment("period", GIFT_DAYS)},
    if(has_given, next_chance, first_chance),
    coalesce(gives, false)
from giving
order by outcome, as_of_date, habit;
"""


TRUTH = {
    # How likely each person was to do something, and whether it happened.
    "chances": f"""
        select
            2000000 + habit - {FIRST_VOTER_ADDRESS} as person_id,
            outcome,
            population,
            as_of_date,
            horizon_days,
            round(chance, 6) as chance,
            has_happened
        from chance
        order by outcome, as_of_date, person_id
    """,
    # How well the chance itself ranks the people: the area under its curve, its skill.
    # `expected_auc` is free of the luck of this one world.
    "best_possible": f"""
        with tried as (
            select
                case outcome when 'quiet' then 'churn_probability_score'
                    when 'return' then 'return_probability' else 'gift_probability' end as score,
                outcome, population, as_of_date, horizon_days, habit as who, chance, has_happened
            from chance
            union all
            -- Whose mail does a person click? One row a person and client with mail in the quarter.
            select 'affinity_score_adjusted', 'click', 'all',
                {moment("0", GIFT_DAYS)}, {GIFT_DAYS}, hash(habit, client),
                1 - exp(avg(if(bounced, 0, ln(1 - open_chance * click_chance)))), bool_or(clicked)
            from ({CALMED})
            where period_of(send_at, {GIFT_DAYS}) = 0
            group by habit, client
        ),

        ranked as (
            select
                *,
                cast(has_happened as integer) as happened,
                rank() over whole + (count(*) over tied - 1) / 2.0 as place,
                -- Whoever will not do it and stands below, half of those beside.
                sum(1 - chance) over whole - sum(1 - chance) over tied / 2 as beaten,
                row_number() over (partition by outcome, as_of_date order by chance desc, who)
                    as from_top,
                count(*) over (partition by outcome, as_of_date) as everybody
            from tried
            window
                whole as (partition by outcome, as_of_date order by chance),
                tied as (partition by outcome, as_of_date, chance)
        )

        select
            score,
            outcome,
            population,
            as_of_date,
            horizon_days,
            count(*) as people,
            cast(sum(happened) as bigint) as positives,
            round(avg(happened), 6) as base_rate,
            round(avg(chance), 6) as expected_rate,
            round((sum(place * happened) - sum(happened) * (sum(happened) + 1) / 2.0)
                / nullif(sum(happened) * (count(*) - sum(happened)), 0), 4) as auc,
            round(sum(chance * beaten) / (sum(chance) * sum(1 - chance)), 4) as expected_auc,
            round(1 - avg(pow(chance - happened, 2))
                / nullif(avg(happened) * (1 - avg(happened)), 0), 4) as skill,
            round(sum(happened) filter (from_top <= greatest(1, everybody // 10))
                / greatest(1, max(everybody) // 10) / nullif(avg(happened), 0), 4)
                as lift_at_10_percent
        from ranked
        group by all
        union all
        -- Who shares a taste: a list of one taste, extended by a tenth of the file, at best.
        select 'similarity', 'taste', 'taste_' || taste, date '{LAST_DAY}', null,
            sum(count(*)) over (), count(*), round(count(*) / sum(count(*)) over (), 6),
            null, null, null, null,
            round(least(1, count(*) / (0.1 * sum(count(*)) over ()))
                / (count(*) / sum(count(*)) over ()), 4)
        from voter
        where not is_silent
        group by taste
        union all
        -- How much likelier a click is in a person's own hours than on average, by design.
        select 'send_time', 'click', 'evening_people', date '{LAST_DAY}', null,
            count(distinct habit), count(*) filter (clicked), null, null, null, null, null,
            round(avg(open_chance * click_chance) filter (
                hour(local_of(send_at, zone_of(state))) between 18 and 20
            ) / avg(open_chance * click_chance), 4)
        from voter_outcome
        where is_evening_person(habit)
        order by score, outcome, population, as_of_date
    """,
}
