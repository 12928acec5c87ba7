with voters as (
    select * from {{ ref('lnk_voter') }}
),

permissions as (
    select * from {{ ref('contact_permissions') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

birthday_windows as (
    select * from {{ ref('birthday_windows') }}
),

-- Who has no birth date has no birthday.
dated as (
    select
        state,
        svid,
        birth_date,
        extract(month from birth_date) = 1 and extract(day from birth_date) = 1 as is_first_of_january,
        extract(year from birth_date) > rules.unknown_year_until as is_year_known
    from voters
    cross join {{ birthday_rules() }} as rules
    where birth_date is not null
),

-- A state in whose file 1 January stands out writes it for days that it does not know (F66).
spiked_states as (
    select state
    from dated
    cross join {{ birthday_rules() }} as rules
    group by state
    having
        count(*) >= max(rules.placeholder_least_voters)
        and {{ share('count(case when is_first_of_january then 1 end)', 'count(*)') }}
        > max(rules.placeholder_factor) / 365
),

judged as (
    select
        dated.state,
        dated.svid,
        dated.birth_date,
        dated.is_year_known,
        dated.is_first_of_january and (not dated.is_year_known or spiked_states.state is not null) as is_placeholder,
        permissions.contact_blocked_by
    from dated
    -- Few states, or none.
    left join spiked_states
        on dated.state = spiked_states.state
    left join permissions
        on
            dated.state = permissions.state
            and dated.svid = permissions.svid
),

-- Each year's birthday is one of its own, so that everybody comes up again (001-04).
years as (
    select
        extract(year from {{ as_of_date() }}) + offsets.years_on as birthday_year,
        {{ as_of_date() }} as as_of_date
    from (
        select -1 as years_on
        union all
        select 0 as years_on
        union all
        select 1 as years_on
        union all
        select 2 as years_on
    ) as offsets
),

placed as (
    select
        judged.state,
        judged.svid,
        years.birthday_year,
        years.as_of_date,
        {{ birthday_in('judged.birth_date', 'years.birthday_year', 'rules.leap_day_shift') }} as birthday_on,
        case when judged.is_year_known then years.birthday_year - extract(year from judged.birth_date) end
            as turning_age,
        judged.is_year_known,
        judged.is_placeholder,
        judged.contact_blocked_by
    from judged
    cross join years
    cross join {{ birthday_rules() }} as rules
    where years.birthday_year > extract(year from judged.birth_date)
),

window_days as (
    select
        max(case when birthday_window = 'approaching' then first_day end) as approaching_day,
        max(case when birthday_window = 'reminder' then first_day end) as reminder_day,
        max(case when birthday_window = 'follow_up' then first_day end) as follow_up_day,
        max(case when birthday_window = 'follow_up' then end_day end) as end_day
    from birthday_windows
),

counted as (
    select
        placed.state,
        placed.svid,
        placed.birthday_year,
        placed.birthday_on,
        {{ days_between('placed.as_of_date', 'placed.birthday_on') }} as days_until,
        placed.turning_age,
        placed.is_year_known,
        placed.is_placeholder,
        placed.contact_blocked_by,
        {{ add_days('placed.birthday_on', 'window_days.approaching_day') }} as approaching_starts_on,
        {{ add_days('placed.birthday_on', 'window_days.reminder_day') }} as reminder_starts_on,
        {{ add_days('placed.birthday_on', 'window_days.follow_up_day') }} as follow_up_starts_on,
        {{ add_days('placed.birthday_on', 'window_days.end_day') }} as follow_up_ends_before
    from placed
    cross join window_days
    cross join {{ birthday_rules() }} as rules
    where
        {{ add_days('placed.birthday_on', 'window_days.end_day') }} > placed.as_of_date
        and {{ add_days('placed.birthday_on', 'window_days.approaching_day') }}
        <= {{ add_days('placed.as_of_date', 'rules.horizon_days') }}
),

-- Until the day itself somebody who turns 18 is a minor.
reasoned as (
    select
        counted.state,
        counted.svid,
        counted.birthday_year,
        counted.birthday_on,
        counted.days_until,
        counted.turning_age,
        counted.is_year_known,
        counted.is_placeholder,
        counted.approaching_starts_on,
        counted.reminder_starts_on,
        counted.follow_up_starts_on,
        counted.follow_up_ends_before,
        birthday_windows.birthday_window,
        case
            when counted.is_placeholder then 'placeholder'
            when counted.turning_age > rules.max_age then 'implausible'
            when counted.turning_age < rules.min_age then 'minor'
            when counted.contact_blocked_by is not null then 'contact_barred'
        end as barred_by,
        coalesce(counted.turning_age = rules.min_age, false) as is_coming_of_age
    from counted
    cross join {{ birthday_rules() }} as rules
    -- On most days of the year a birthday is in no window.
    left join birthday_windows
        on
            -counted.days_until >= birthday_windows.first_day
            and -counted.days_until < birthday_windows.end_day
),

explained as (
    select
        state,
        svid,
        birthday_year,
        birthday_on,
        days_until,
        is_year_known,
        is_placeholder,
        approaching_starts_on,
        reminder_starts_on,
        follow_up_starts_on,
        follow_up_ends_before,
        birthday_window,
        barred_by,
        is_coming_of_age,
        case
            when barred_by is not null then barred_by
            when birthday_window is null then 'not_due'
            when is_coming_of_age and days_until > 0 then 'minor'
        end as reason
    from reasoned
),

windowed as (
    select
        explained.state,
        explained.svid,
        cast(explained.birthday_year as bigint) as birthday_year,
        explained.birthday_on,
        case when explained.reason is null then explained.birthday_window else 'none' end as birthday_window,
        explained.reason,
        explained.days_until,
        explained.barred_by is null
        and explained.days_until between 0 and 30
        and not (explained.is_coming_of_age and explained.days_until > 0) as birthday_within_30_days,
        case
            when explained.barred_by is null and not explained.is_coming_of_age then explained.approaching_starts_on
        end as approaching_starts_on,
        case
            when explained.barred_by is null and not explained.is_coming_of_age then explained.reminder_starts_on
        end as reminder_starts_on,
        case when explained.barred_by is null then explained.follow_up_starts_on end as follow_up_starts_on,
        case when explained.barred_by is null then explained.follow_up_ends_before end as follow_up_ends_before,
        explained.is_year_known,
        explained.is_placeholder,
        time_zones.time_zone,
        '{{ invocation_id }}' as build_id
    from explained
    -- A state that the seed does not know has no zone.
    left join time_zones
        on explained.state = time_zones.state
)

select * from windowed
-- Of people who are not yet 18 nothing is told, not even that.
where reason is distinct from 'minor'
