with voters as (
    select * from {{ ref('lnk_voter') }}
),

permissions as (
    select * from {{ ref('contact_permissions') }}
),

birthday_windows as (
    select * from {{ ref('birthday_windows') }}
),

rules as (
    select * from {{ birthday_rules() }} as birthday_rules
),

-- A voter without a birth date has no birthday.
dated as (
    select
        voters.*,
        extract(month from voters.birth_date) = 1 and extract(day from voters.birth_date) = 1 as is_first_of_january,
        extract(year from voters.birth_date) > rules.unknown_year_until as is_year_known
    from voters
    cross join rules
    where voters.birth_date is not null
),

-- States that write 1 January for unknown days: far more of their voters have it than chance gives (F66).
spiked_states as (
    select dated.state
    from dated
    cross join rules
    group by dated.state
    having
        count(*) >= max(rules.placeholder_least_voters)
        and {{ share('count(case when dated.is_first_of_january then 1 end)', 'count(*)') }}
        > max(rules.placeholder_factor) / 365
),

permitted as (
    select
        dated.*,
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

-- A row per year, so that every voter comes up again (001-04).
years as (
    select
        extract(year from {{ as_of_date() }}) + offsets.years_on as birthday_year,
        {{ as_of_date() }} as as_of_date
    from (values (-1), (0), (1), (2)) as offsets (years_on)
),

placed as (
    select
        permitted.*,
        years.*,
        {{ birthday_in('permitted.birth_date', 'years.birthday_year', 'rules.leap_day_shift') }} as birthday_on,
        case when permitted.is_year_known then years.birthday_year - extract(year from permitted.birth_date) end
            as turning_age,
        {{ birthday_in(
            'permitted.birth_date',
            'cast(extract(year from permitted.birth_date) + rules.min_age as bigint)',
            'rules.leap_day_shift'
        ) }} as of_age_on
    from permitted
    cross join years
    cross join rules
    where years.birthday_year > extract(year from permitted.birth_date)
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
        placed.*,
        {{ days_between('placed.as_of_date', 'placed.birthday_on') }} as days_until,
        {{ add_days('placed.birthday_on', 'window_days.approaching_day') }} as approaching_on,
        {{ add_days('placed.birthday_on', 'window_days.reminder_day') }} as reminder_on,
        {{ add_days('placed.birthday_on', 'window_days.follow_up_day') }} as follow_up_on,
        {{ add_days('placed.birthday_on', 'window_days.end_day') }} as ends_before
    from placed
    cross join window_days
    cross join rules
    where
        {{ add_days('placed.birthday_on', 'window_days.end_day') }} > placed.as_of_date
        and {{ add_days('placed.birthday_on', 'window_days.approaching_day') }}
        <= {{ add_days('placed.as_of_date', 'rules.horizon_days') }}
),

-- People under 18 have no row at all, whatever else is true of the birthday.
blocked as (
    select
        counted.*,
        birthday_windows.birthday_window as due_window,
        case
            when counted.is_placeholder then 'placeholder'
            when counted.turning_age > rules.max_age then 'implausible'
            when counted.contact_blocked_by is not null then 'contact_blocked'
        end as blocked_by,
        coalesce(counted.turning_age = rules.min_age, false) as is_coming_of_age
    from counted
    cross join rules
    -- On most days of the year a birthday is in no window.
    left join birthday_windows
        on
            -counted.days_until >= birthday_windows.first_day
            and -counted.days_until < birthday_windows.end_day
    where counted.of_age_on <= counted.as_of_date
),

reasoned as (
    select
        *,
        case
            when blocked_by is not null then blocked_by
            when due_window is null then 'not_due'
        end as reason
    from blocked
),

windowed as (
    select
        reasoned.state,
        reasoned.svid,
        cast(reasoned.birthday_year as bigint) as birthday_year,
        reasoned.birthday_on,
        case when reasoned.reason is null then reasoned.due_window else 'none' end as birthday_window,
        reasoned.reason,
        reasoned.days_until,
        reasoned.blocked_by is null and reasoned.days_until between 0 and 30 as birthday_within_30_days,
        case when reasoned.blocked_by is null and not reasoned.is_coming_of_age then reasoned.approaching_on end
            as approaching_starts_on,
        case when reasoned.blocked_by is null and not reasoned.is_coming_of_age then reasoned.reminder_on end
            as reminder_starts_on,
        case when reasoned.blocked_by is null then reasoned.follow_up_on end as follow_up_starts_on,
        case when reasoned.blocked_by is null then reasoned.ends_before end as follow_up_ends_before,
        reasoned.is_year_known,
        reasoned.is_placeholder,
        reasoned.time_zone,
        '{{ invocation_id }}' as build_id
    from reasoned
)

select * from windowed
