{#-
    The list of voter ids that a question is about. Only this file reads the list parameter (F03, F12). Unit tests
    override the first macro with rows of their own.
-#}

{#- One row per entry of the list, as given. -#}
{% macro given_svids() -%}
    select unnest(svids) as entry
{%- endmacro %}

{#-
    One row per requested id: its text, and the one voter that it means. Spaces and duplicates are accepted.
    'WI:0012345' names its state. An id without a state is ambiguous if voters of several states have it (F02).
    Columns: requested_svid, voter_number (NULL unless known), request_status (known, unknown, ambiguous).
-#}
{% macro requested_voters() -%}
    select
        requests.requested_svid,
        case when count(voters.voter_number) = 1 then min(voters.voter_number) end as voter_number,
        case count(voters.voter_number)
            when 0 then 'unknown'
            when 1 then 'known'
            else 'ambiguous'
        end as request_status
    from (
        select
            texts.requested_svid,
            case when texts.has_state then upper(left(texts.requested_svid, 2)) end as requested_state,
            case
                when texts.has_state then {{ text_id('substring(texts.requested_svid, 4)') }}
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
    -- An id that no voter has is unknown, and stays in the answer.
    left join {{ ref('key_voters') }} as voters
        on
            requests.bare_svid = voters.svid
            and voters.state = coalesce(requests.requested_state, voters.state)
    group by requests.requested_svid
{%- endmacro %}

{#- The distinct voters of the list, as numbers: the segment. -#}
{% macro segment_voters() -%}
    select distinct requested.voter_number
    from ({{ requested_voters() }}) as requested
    where requested.voter_number is not null
{%- endmacro %}

{#-
    The distinct used addresses of the segment's voters, as numbers, with their total clicks and opens. Sums over
    them count each event once (F05, F53).
-#}
{% macro segment_addresses(voters) -%}
    select distinct
        voter_addresses.address_number,
        voter_addresses.clicks,
        voter_addresses.opens
    from {{ ref('key_voter_addresses') }} as voter_addresses
    inner join {{ voters }} as voters
        on voter_addresses.voter_number = voters.voter_number
{%- endmacro %}

{#- The other parameters of the questions. -#}
{% macro deviation_threshold() -%} deviation_threshold {%- endmacro %}
{% macro score_threshold() -%} threshold {%- endmacro %}
{% macro top_n() -%} top_n {%- endmacro %}
{% macro expansion_size() -%} expansion_size {%- endmacro %}
{% macro min_similarity() -%} min_similarity {%- endmacro %}
