{{ config(materialized='table') }}

with arm_terms as (
    select * from {{ source('definitions', 'arm_terms') }}
)

select * from arm_terms
