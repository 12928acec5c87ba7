{{ config(materialized='table') }}

with clauses as (
    select * from {{ source('definitions', 'clauses') }}
)

select * from clauses
