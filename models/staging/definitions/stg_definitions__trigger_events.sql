{{ config(materialized='table') }}

with trigger_events as (
    select * from {{ source('definitions', 'trigger_events') }}
)

select * from trigger_events
