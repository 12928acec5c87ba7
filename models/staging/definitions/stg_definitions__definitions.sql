{{ config(materialized='table') }}

with definitions as (
    select * from {{ source('definitions', 'definitions') }}
)

select * from definitions
