{{ config(materialized='table') }}

with criteria as (
    select * from {{ source('definitions', 'criteria') }}
)

select * from criteria
