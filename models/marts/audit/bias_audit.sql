with audit_groups as (
    select * from {{ ref('audit_groups') }}
),

audited_scores as (
    select * from {{ ref('audited_scores') }}
),

-- The rest: the people of all other groups of the kind.
compared as (
    select
        *,
        cast(sum(group_voters) over (partition by score, group_kind) as bigint) - group_voters as rest_voters,
        cast(sum(selected) over (partition by score, group_kind) as bigint) - selected as rest_selected,
        tried_voters - outcome_voters as negatives
    from audit_groups
),

proportioned as (
    select
        *,
        {{ proportion('selected', 'group_voters') }} as p_selected,
        {{ sample_size('group_voters') }} as n_voters,
        {{ proportion('rest_selected', 'rest_voters') }} as p_rest,
        {{ sample_size('rest_voters') }} as n_rest,
        {{ proportion('false_positives', 'negatives') }} as p_false_positive,
        {{ sample_size('negatives') }} as n_negatives,
        {{ proportion('false_negatives', 'outcome_voters') }} as p_false_negative,
        {{ sample_size('outcome_voters') }} as n_positives,
        {{ erfc_x(pooled_z('selected', 'group_voters', 'rest_selected', 'rest_voters')) }} as x
    from compared
),

bounded as (
    select
        *,
        {{ wilson_bound('p_selected', 'n_voters', '-') }} as selected_low,
        {{ wilson_bound('p_selected', 'n_voters', '+') }} as selected_high,
        {{ wilson_bound('p_rest', 'n_rest', '-') }} as rest_low,
        {{ wilson_bound('p_rest', 'n_rest', '+') }} as rest_high,
        {{ wilson_bound('p_false_positive', 'n_negatives', '-') }} as false_positive_low,
        {{ wilson_bound('p_false_positive', 'n_negatives', '+') }} as false_positive_high,
        {{ wilson_bound('p_false_negative', 'n_positives', '-') }} as false_negative_low,
        {{ wilson_bound('p_false_negative', 'n_positives', '+') }} as false_negative_high,
        {{ erfc_t('x') }} as t
    from proportioned
),

measured as (
    select
        *,
        {{ newcombe_bound('p_selected', 'selected_low', 'p_rest', 'rest_high', '-') }} as difference_low,
        {{ newcombe_bound('p_selected', 'selected_high', 'p_rest', 'rest_low', '+') }} as difference_high,
        {{ erfc_u('t') }} as u
    from bounded
),

tested as (
    select
        *,
        -- Without variation there is no difference.
        coalesce({{ two_sided_p('x', 't', 'u') }}, 1) as p_value
    from measured
),

ranked as (
    select
        *,
        count(*) over () as tests,
        row_number() over (order by p_value, score, group_kind, group_value) as p_rank
    from tested
),

-- Readers look at all rows, so the false discovery rate is held over all of them (F71).
corrected as (
    select
        *,
        {{ q_value('p_value', 'tests', 'p_rank') }} as q_value
    from ranked
),

flagged as (
    select
        corrected.score,
        corrected.group_kind,
        corrected.group_value,
        corrected.group_voters,
        corrected.group_voters < {{ rule_value('disclosure_limits', 'small_group') }} as is_small_group,
        round({{ share('corrected.score_sum', 'corrected.group_voters') }}, 4) as mean_score,
        corrected.selected,
        round(corrected.p_selected * 100, 2) as selection_rate,
        round(corrected.selected_low * 100, 2) as selection_rate_low,
        round(corrected.selected_high * 100, 2) as selection_rate_high,
        corrected.rest_voters,
        corrected.rest_selected,
        round((corrected.p_selected - corrected.p_rest) * 100, 2) as rate_difference,
        round(corrected.difference_low * 100, 2) as rate_difference_low,
        round(corrected.difference_high * 100, 2) as rate_difference_high,
        round(corrected.p_selected / nullif(corrected.p_rest, 0), 3) as selection_ratio,
        corrected.p_value,
        corrected.q_value,
        coalesce(
            corrected.group_voters >= {{ rule_value('disclosure_limits', 'small_group') }}
            and corrected.q_value <= {{ rule_value('audit_limits', 'q_value') }}
            and (
                -- Rounded: 0.6 - 0.5 is a hair below 0.1 in binary fractions.
                round(abs(corrected.p_selected - corrected.p_rest) * 100, 9)
                >= {{ rule_value('audit_limits', 'rate_difference') }}
                or (
                    corrected.p_rest is not null
                    and round(
                        least(corrected.p_selected, corrected.p_rest)
                        / nullif(greatest(corrected.p_selected, corrected.p_rest), 0), 9
                    ) < {{ rule_value('audit_limits', 'selection_ratio') }}
                )
            ), false
        ) as is_flagged,
        audited_scores.outcome,
        corrected.tried_voters,
        corrected.outcome_voters,
        corrected.false_positives,
        round(corrected.p_false_positive * 100, 2) as false_positive_rate,
        round(corrected.false_positive_low * 100, 2) as false_positive_rate_low,
        round(corrected.false_positive_high * 100, 2) as false_positive_rate_high,
        corrected.false_negatives,
        round(corrected.p_false_negative * 100, 2) as false_negative_rate,
        round(corrected.false_negative_low * 100, 2) as false_negative_rate_low,
        round(corrected.false_negative_high * 100, 2) as false_negative_rate_high,
        '{{ invocation_id }}' as build_id
    from corrected
    inner join audited_scores
        on corrected.score = audited_scores.score
)

select * from flagged
