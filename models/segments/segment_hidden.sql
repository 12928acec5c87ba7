{{ config(parameters=['svids']) }}

with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

deviation as (
    select * from {{ ref('segment_deviation') }}{{ same_list() }}
),

affinity as (
    select * from {{ ref('segment_affinity') }}{{ same_list() }}
),

health as (
    select * from {{ ref('segment_health') }}{{ same_list() }}
),

attribution as (
    select * from {{ ref('segment_attribution') }}{{ same_list() }}
),

voters as (
    {{ segment_voters() }}
),

figure_columns as (
    {{ columns_of_figures() }}
),

-- Voters, not ids: one voter may be written in several ways.
counted_people as (
    select
        count(*) as people,
        count(case when profiles.emails_linked + profiles.phones_linked > 0 then 1 end) as linked,
        count(case when profiles.link_status = 'with_behavior' then 1 end) as active,
        count(case when profiles.is_donor then 1 end) as donors,
        count(case when profiles.is_clicker then 1 end) as clickers,
        count(case when profiles.total_opens > 0 then 1 end) as openers
    from voters
    inner join profiles
        on voters.voter_number = profiles.voter_number
),

limited as (
    select
        *,
        (select count(*) from profiles) as voters_of_file,
        cast({{ rule_value('disclosure_limits', 'small_group') }} as bigint) as minimum_people
    from counted_people
),

-- A figure is about those who did it and, beside a larger figure of the same summary, about those who did not. An empty
-- segment is hidden like a small one: a 0 beside a hidden number would say whether the file knows an id.
graded_figures as (
    select
        *,
        people < minimum_people or {{ is_small_group(['voters_of_file - people']) }} as hides_segment,
        {{ is_small_group(['linked', 'people - linked']) }} as hides_linked,
        {{ is_small_group(['active', 'people - active', 'abs(linked - active)']) }} as hides_behavior,
        {{ is_small_group(['donors', 'people - donors', 'active - donors']) }} as hides_donors,
        {{ is_small_group(['clickers', 'people - clickers', 'active - clickers']) }} as hides_clicks,
        {{ is_small_group(['openers', 'people - openers', 'active - openers']) }} as hides_opens
    from limited
),

hidden_columns as (
    select
        figure_columns.function_name,
        figure_columns.column_name,
        case when graded_figures.hides_segment then 'segment_too_small' else 'too_few_people' end as reason_hidden
    from figure_columns
    cross join graded_figures
    where
        case
            when graded_figures.hides_segment then true
            when figure_columns.figure = 'linked' then graded_figures.hides_linked
            when figure_columns.figure = 'behavior' then graded_figures.hides_behavior
            when figure_columns.figure = 'donors' then graded_figures.hides_donors
            when figure_columns.figure = 'clicks' then graded_figures.hides_clicks
            when figure_columns.figure = 'opens' then graded_figures.hides_opens
            else false
        end
    -- Two figures may give away the same column.
    group by figure_columns.function_name, figure_columns.column_name, graded_figures.hides_segment
),

-- Each row of an answer: how many people it is about, a second group of which it says the number, and the rows with
-- which it adds up to a total.
stacked as (
    select
        'segment_deviation' as function_name,
        attribute as total_of,
        concat_ws(':', attribute, value) as row_key,
        segment_people as people,
        baseline_people as other_people
    from deviation
    union all
    select
        'segment_affinity' as function_name,
        '' as total_of,
        client_shortname as row_key,
        unique_contacts as people,
        0 as other_people
    from affinity
    union all
    select
        'segment_health' as function_name,
        '' as total_of,
        cast(week_start as varchar) as row_key,
        active_contacts as people,
        sends as other_people
    from health
    union all
    select
        'segment_attribution' as function_name,
        model as total_of,
        concat_ws(':', model, campaign_id) as row_key,
        donors_attributed as people,
        unique_clickers as other_people
    from attribution
),

sized as (
    select
        stacked.function_name,
        stacked.total_of,
        stacked.row_key,
        coalesce(stacked.people, 0) as people,
        stacked.other_people,
        graded_figures.minimum_people,
        graded_figures.hides_segment
    from stacked
    cross join graded_figures
),

selected as (
    {{ hidden_among_totals('sized', 'function_name, total_of') }}
),

-- Counties add up to their state: with a county hidden, the states are hidden too.
counties_compared as (
    select
        *,
        total_of = 'state'
        and bool_or(is_hidden and total_of = 'county') over (partition by function_name)
        and count(case when total_of = 'state' and people > 0 then 1 end) over (partition by function_name) > 1
            as gives_county
    from selected
),

hidden_rows as (
    select
        function_name,
        row_key,
        case
            when hides_segment then 'segment_too_small'
            when is_small then 'too_few_people'
            when is_hidden or gives_county then 'gives_another_away'
        end as reason_hidden
    from counties_compared
),

hidden as (
    select
        function_name,
        row_key,
        cast(null as varchar) as column_name,
        reason_hidden
    from hidden_rows
    where reason_hidden is not null
    union all
    select
        function_name,
        cast(null as varchar) as row_key,
        column_name,
        reason_hidden
    from hidden_columns
)

select * from hidden
order by function_name, row_key, column_name
