{{ config(materialized='table') }}

with experiment_terms as (
    select * from {{ source('definitions', 'experiment_terms') }}
)

select * from experiment_terms
