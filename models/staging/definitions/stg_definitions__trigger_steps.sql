{{ config(materialized='table') }}

with trigger_steps as (
    select * from {{ source('definitions', 'trigger_steps') }}
)

select * from trigger_steps
