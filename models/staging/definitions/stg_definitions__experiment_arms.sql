{{ config(materialized='table') }}

with experiment_arms as (
    select * from {{ source('definitions', 'experiment_arms') }}
)

select * from experiment_arms
