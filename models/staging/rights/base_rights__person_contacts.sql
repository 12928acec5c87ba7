-- depends_on: {{ ref('placeholder_identifiers') }}
with delivered as (
    select * from {{ source('voterfile', 'person') }}
),

well_formed as (
    select
        *,
        {{ well_formed_email('email') }} as well_formed_email,
        {{ well_formed_phone('cell_phone') }} as well_formed_cell_phone,
        {{ well_formed_phone('home_phone') }} as well_formed_home_phone
    from delivered
),

keyed as (
    select
        {{ text_id('id') }} as person_id,
        {{ state_code('state') }} as state,
        {{ email_key('well_formed_email') }} as email_key,
        {{ phone_key('well_formed_cell_phone') }} as cell_phone_key,
        {{ phone_key('well_formed_home_phone') }} as home_phone_key
    from well_formed
)

select * from keyed
