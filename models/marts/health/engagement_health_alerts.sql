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

-- The rate pooled over the 8 complete weeks before, and the last week before this one that has a grade.
pooled as (
    select
        *,
        sum(successes) over trailing_weeks / nullif(sum(trials) over trailing_weeks, 0) as pooled_share,
        count(case when trials > 0 then 1 end) over trailing_weeks as pooled_weeks,
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
        pooled.*,
        previous.status as previous_status,
        health_thresholds.is_higher_better,
        least(pooled.successes / nullif(pooled.trials, 0), 1) as observed_share,
        case when pooled.pooled_weeks >= 4 then pooled.pooled_share end as baseline_share,
        -- A share above 1, as where opens are repeated, has no binomial spread and so no limits.
        case
            when pooled.pooled_share <= 1
                then 3 * sqrt(pooled.pooled_share * (1 - pooled.pooled_share) / nullif(pooled.trials, 0))
        end as control_width
    from pooled
    inner join health_thresholds
        on pooled.metric = health_thresholds.metric
    -- The first graded week has none before it.
    left join stacked as previous
        on
            pooled.metric = previous.metric
            and pooled.previous_graded_week = previous.week_start
    where pooled.status <> 'insufficient_data'
),

-- No earlier grade and no limits: nothing has worsened, and nothing lies outside.
compared as (
    select
        *,
        coalesce({{ status_rank('status') }} > {{ status_rank('previous_status') }}, false) as has_worsened,
        coalesce(observed_share < baseline_share - control_width, false) as is_below_limits,
        coalesce(observed_share > baseline_share + control_width, false) as is_above_limits
    from limited
),

alerted as (
    select
        week_start,
        metric,
        value,
        round(100 * baseline_share, 4) as baseline,
        status,
        previous_status,
        case
            when not has_worsened and not (case when is_higher_better then is_below_limits else is_above_limits end)
                then 'info'
            when status = 'critical' then 'critical'
            else 'warning'
        end as severity,
        case when has_worsened then 'Status fell from ' || previous_status || ' to ' || status || '. ' else '' end
        || case
            when is_below_limits
                then
                    'The rate is below its control limit of '
                    || cast(round(100 * greatest(0, baseline_share - control_width), 4) as varchar)
                    || ', set by the 8 weeks before.'
            when is_above_limits
                then
                    'The rate is above its control limit of '
                    || cast(round(100 * least(1, baseline_share + control_width), 4) as varchar)
                    || ', set by the 8 weeks before.'
            else 'The rate is within the control limits of the 8 weeks before, or these are too few to tell.'
        end as reason,
        '{{ invocation_id }}' as build_id
    from compared
    where
        has_worsened
        or is_below_limits
        or is_above_limits
)

select * from alerted
