{{ config(materialized='table') }}

with criterion_values as (
    select * from {{ source('definitions', 'criterion_values') }}
)

select * from criterion_values
