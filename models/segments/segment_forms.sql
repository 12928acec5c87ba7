{{ config(parameters=['svids']) }}

{#- How an id may have been changed on its way, and what makes both forms equal. -#}
{% set forms = [
    ('leading_zeros', "ltrim({0}, '0')"),
    ('letter_case', "lower({0})"),
    ('signs', "regexp_replace({0}, '[^0-9A-Za-z]', '', 'g')"),
    ('several', "ltrim(lower(regexp_replace({0}, '[^0-9A-Za-z]', '', 'g')), '0')"),
] %}

with voters as (
    select * from {{ ref('key_voters') }}
),

requested as (
    {{ requested_voters() }}
),

unknown_ids as (
    select
        requested_svid,
        case when {{ identifier_names_state('requested_svid') }} then upper(left(requested_svid, 2)) end
            as requested_state,
        case
            when {{ identifier_names_state('requested_svid') }} then {{ text_id('substring(requested_svid, 4)') }}
            else requested_svid
        end as bare_svid
    from requested
    where request_status = 'unknown'
),

-- An id such as WI0012345 names its state without the colon.
joined_states as (
    select
        requested_svid,
        upper(left(bare_svid, 2)) as requested_state,
        {{ extracted('bare_svid', '^[A-Za-z]{2}[^0-9A-Za-z]*([0-9].*)$') }} as bare_svid
    from unknown_ids
    where requested_state is null
),

matched as (
    {% for form, expression in forms %}
    select
        '{{ form }}' as form,
        unknown_ids.requested_svid,
        voters.voter_number
    from unknown_ids
    inner join voters
        on
            {{ expression.format('unknown_ids.bare_svid') }} = {{ expression.format('voters.svid') }}
            and voters.state = coalesce(unknown_ids.requested_state, voters.state)
    where {{ expression.format('unknown_ids.bare_svid') }} <> ''
    union all
    {% endfor %}
    select
        'state_in_front' as form,
        joined_states.requested_svid,
        voters.voter_number
    from joined_states
    inner join voters
        on
            joined_states.bare_svid = voters.svid
            and joined_states.requested_state = voters.state
),

-- An id that would mean several voters would not be known.
recognized as (
    select
        form,
        requested_svid
    from matched
    group by form, requested_svid
    having count(distinct voter_number) = 1
),

counted_by_form as (
    select
        form,
        count(*) as known_ids
    from recognized
    group by form
),

counted as (
    select
        count(*) as requested,
        count(case when request_status = 'known' then 1 end) as known_ids
    from requested
),

listed as (
    select
        'as_given' as form,
        counted.requested,
        counted.known_ids
    from counted
    union all
    select
        names.form,
        counted.requested,
        coalesce(counted_by_form.known_ids, 0) as known_ids
    from counted
    cross join (
        values ('leading_zeros'), ('letter_case'), ('signs'), ('state_in_front'), ('several')
    ) as names (form)
    -- No id may have this form.
    left join counted_by_form
        on names.form = counted_by_form.form
)

select * from listed
order by form asc
