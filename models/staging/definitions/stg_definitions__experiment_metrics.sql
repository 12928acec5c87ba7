{{ config(materialized='table') }}

with experiment_metrics as (
    select * from {{ source('definitions', 'experiment_metrics') }}
)

select * from experiment_metrics
