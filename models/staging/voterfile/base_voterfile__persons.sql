with delivered as (
    select * from {{ source('voterfile', 'person') }}
),

well_formed as (
    select
        {{ text_id('id') }} as person_id,
        {{ state_code('state') }} as state,
        {{ text_id('county') }} as county,
        email as delivered_email,
        {{ well_formed_email('email') }} as well_formed_email,
        {{ well_formed_phone('cell_phone') }} as well_formed_cell_phone,
        {{ well_formed_phone('home_phone') }} as well_formed_home_phone,
        source_file,
        source_row_number,
        source_row
    from delivered
),

keyed as (
    select
        person_id,
        state,
        county,
        delivered_email,
        {{ email_key('well_formed_email') }} as email_key,
        {{ phone_key('well_formed_cell_phone') }} as cell_phone_key,
        {{ phone_key('well_formed_home_phone') }} as home_phone_key,
        case
            when person_id is null then 'missing_id'
            when state is null then 'bad_state'
        end as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from well_formed
),

retained as (
    select
        keyed.person_id,
        keyed.state,
        keyed.county,
        keyed.email_key,
        case
            when keyed.email_key is null
                then nullif({{ missing_key_reason('keyed.email_key', 'keyed.delivered_email') }}, 'blank')
        end as email_refused_as,
        keyed.cell_phone_key,
        keyed.home_phone_key,
        keyed.rejection_reason,
        keyed.source_file,
        keyed.source_row_number,
        keyed.source_row
    from keyed
    where
        {{ is_not_erased(
            persons=['keyed.person_id'],
            emails=['keyed.email_key'],
            phones=['keyed.cell_phone_key', 'keyed.home_phone_key'],
            refused=refused_text('keyed.rejection_reason', 'keyed.source_row')
        ) }}
)

select * from retained
