with weeks as (
    select * from {{ ref('engagement_health_weekly') }}
),

health_thresholds as (
    select * from {{ ref('health_thresholds') }}
),

-- One row per complete week and metric.
stacked as (
    {% set metrics = [
        ('open_rate', 'opens', 'sends'),
        ('click_to_open_rate', 'clicks', 'opens'),
        ('click_rate', 'clicks', 'sends'),
        ('bounce_rate', 'bounces', 'sends'),
        ('unsub_rate', 'unsubs', 'sends'),
        ('complaint_rate', 'complaints', 'sends'),
    ] %}
    {% for metric, numerator, denominator in metrics %}
    select
        week_start,
        '{{ metric }}' as metric,
        {{ metric }} as value,
        {{ metric }}_status as status,
        cast({{ numerator }} as double) as successes,
        cast({{ denominator }} as double) as trials
    from weeks
    where is_complete_week
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

-- The trailing 8 complete weeks, pooled; and the last week before this one that had a grade.
compared as (
    select
        week_start,
        metric,
        value,
        status,
        successes,
        trials,
        sum(successes) over trailing_weeks / nullif(sum(trials) over trailing_weeks, 0) as baseline_share,
        count(case when trials > 0 then 1 end) over trailing_weeks as baseline_weeks,
        max(case when status <> 'insufficient_data' then week_start end) over (
            partition by metric
            order by week_start
            rows between unbounded preceding and 1 preceding
        ) as previous_graded_week
    from stacked
    window trailing_weeks as (
        partition by metric
        order by week_start
        rows between 8 preceding and 1 preceding
    )
),

limited as (
    select
        compared.week_start,
        compared.metric,
        compared.value,
        compared.status,
        previous.status as previous_status,
        health_thresholds.is_higher_better,
        least(compared.successes / nullif(compared.trials, 0), 1) as observed_share,
        case when compared.baseline_weeks >= 4 then compared.baseline_share end as baseline_share,
        -- A share above 1, as where opens are repeated, has no binomial spread and so no limits.
        case
            when compared.baseline_share <= 1
                then 3 * sqrt(compared.baseline_share * (1 - compared.baseline_share) / nullif(compared.trials, 0))
        end as control_width
    from compared
    inner join health_thresholds
        on compared.metric = health_thresholds.metric
    -- The first graded week has none before it.
    left join stacked as previous
        on
            compared.metric = previous.metric
            and compared.previous_graded_week = previous.week_start
    where compared.status <> 'insufficient_data'
),

judged as (
    select
        week_start,
        metric,
        value,
        status,
        previous_status,
        100 * baseline_share as baseline,
        {{ status_rank('status') }} > {{ status_rank('previous_status') }} as has_worsened,
        observed_share < baseline_share - control_width as is_below_limits,
        observed_share > baseline_share + control_width as is_above_limits,
        case
            when is_higher_better then observed_share < baseline_share - control_width
            else observed_share > baseline_share + control_width
        end as is_adverse,
        100 * greatest(0, baseline_share - control_width) as lower_limit,
        100 * least(1, baseline_share + control_width) as upper_limit
    from limited
),

alerted as (
    select
        week_start,
        metric,
        value,
        round(baseline, 4) as baseline,
        status,
        previous_status,
        case
            when status = 'critical' and (coalesce(has_worsened, false) or coalesce(is_adverse, false)) then 'critical'
            when coalesce(has_worsened, false) or coalesce(is_adverse, false) then 'warning'
            else 'info'
        end as severity,
        case
            when coalesce(has_worsened, false)
                then 'Status fell from ' || previous_status || ' to ' || status || '. '
            else ''
        end
        || case
            when coalesce(is_below_limits, false)
                then
                    'The rate is below its control limit of ' || cast(round(lower_limit, 4) as varchar)
                    || ', set by the 8 weeks before.'
            when coalesce(is_above_limits, false)
                then
                    'The rate is above its control limit of ' || cast(round(upper_limit, 4) as varchar)
                    || ', set by the 8 weeks before.'
            else 'The rate is within the control limits of the 8 weeks before, or these are too few to tell.'
        end as reason,
        '{{ invocation_id }}' as build_id
    from judged
    where
        coalesce(has_worsened, false)
        or coalesce(is_below_limits, false)
        or coalesce(is_above_limits, false)
)

select * from alerted
