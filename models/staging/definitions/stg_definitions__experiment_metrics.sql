{{ config(materialized='table') }}

with metric_terms as (
    select * from {{ source('definitions', 'metric_terms') }}
)

select * from metric_terms
