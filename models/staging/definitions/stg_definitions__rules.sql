{{ config(materialized='table') }}

with rules as (
    select * from {{ source('definitions', 'rules') }}
)

select * from rules
