{{ config(materialized='table') }}

with rule_terms as (
    select * from {{ source('definitions', 'rule_terms') }}
)

select * from rule_terms
