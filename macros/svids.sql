{#-
    The list of voter ids that a question is about: the only place that reads it (F03, F12). Unit
    tests override the first macro with rows of their own.
-#}

{#- One row per entry of the list parameter, as given. -#}
{% macro given_svids() -%}
    select unnest(svids) as entry
{%- endmacro %}

{#-
    One row per requested id: its text, and the one voter that it means. Spaces and duplicates are
    forgiven; 'WI:0012345' names its state; a bare id that several states know is ambiguous (F02).
    Columns: requested_svid, state, svid (NULL unless known), link_status (known, unknown, ambiguous).
-#}
{% macro requested_voters() -%}
    select
        requests.requested_svid,
        case when count(voters.svid) = 1 then min(voters.state) end as state,
        case when count(voters.svid) = 1 then min(voters.svid) end as svid,
        case count(voters.svid)
            when 0 then 'unknown'
            when 1 then 'known'
            else 'ambiguous'
        end as request_status
    from (
        select
            texts.requested_svid,
            case when texts.has_state then upper(left(texts.requested_svid, 2)) end as requested_state,
            case
                when texts.has_state then {{ trimmed('substring(texts.requested_svid, 4)') }}
                else texts.requested_svid
            end as bare_svid
        from (
            select
                distinct_texts.requested_svid,
                {{ matches('left(distinct_texts.requested_svid, 3)', '[A-Za-z]{2}:') }} as has_state
            from (
                select distinct {{ text_id('given.entry') }} as requested_svid
                from ({{ given_svids() }}) as given
            ) as distinct_texts
            where distinct_texts.requested_svid is not null
        ) as texts
    ) as requests
    -- An id that nobody has is unknown, and stays in the answer.
    left join {{ ref('lnk_voter') }} as voters
        on
            requests.bare_svid = voters.svid
            and voters.state = coalesce(requests.requested_state, voters.state)
    group by requests.requested_svid
{%- endmacro %}

{#- The distinct voters of the list: the segment. -#}
{% macro segment_voters() -%}
    select distinct
        requested.state,
        requested.svid
    from ({{ requested_voters() }}) as requested
    where requested.request_status = 'known'
{%- endmacro %}

{#- The distinct used addresses of the segment's voters: every total counts each event once (F05, F53). -#}
{% macro segment_addresses(voters) -%}
    select distinct voter_addresses.email_key
    from {{ ref('lnk_voter_address') }} as voter_addresses
    inner join {{ voters }} as voters
        on
            voter_addresses.state = voters.state
            and voter_addresses.svid = voters.svid
{%- endmacro %}

{#- The other parameters of the questions. -#}
{% macro deviation_threshold() -%} deviation_threshold {%- endmacro %}
{% macro score_threshold() -%} threshold {%- endmacro %}
{% macro top_n() -%} top_n {%- endmacro %}
{% macro expansion_size() -%} expansion_size {%- endmacro %}
{% macro min_similarity() -%} min_similarity {%- endmacro %}
