{{ config(materialized='table') }}

with triggers as (
    select * from {{ source('definitions', 'triggers') }}
)

select * from triggers
