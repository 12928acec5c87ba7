{{ config(materialized='table') }}

with experiments as (
    select * from {{ source('definitions', 'experiments') }}
)

select * from experiments
