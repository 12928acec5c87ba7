with experiments as (
    select * from {{ ref('stg_definitions__experiments') }}
),

arms as (
    select * from {{ ref('stg_definitions__experiment_arms') }}
),

audiences as (
    select * from {{ ref('audience_members') }}
    where kind = 'experiment'
),

spells as (
    select * from {{ ref('segment_spells') }}
),

handovers as (
    select * from {{ ref('stg_action__handovers') }}
),

voter_events as (
    select * from {{ ref('fct_voter_events') }}
),

voter_emails as (
    select * from {{ ref('lnk_voter_email') }}
),

voters as (
    select * from {{ ref('key_voters') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

-- The address that a voter is written to, chosen as on a contact list.
ranked_addresses as (
    select
        *,
        row_number() over (
            partition by state, svid
            order by
                case when link_method = 'direct_email' then 0 else 1 end,
                shared_by,
                email_key
        ) as place
    from voter_emails
    where is_used
),

addressed as (
    select
        voters.voter_number,
        voters.state,
        voters.svid,
        ranked_addresses.email_key,
        {{ voter_text('voters.state', 'voters.svid') }} as voter
    from voters
    -- Not every voter has an address.
    left join ranked_addresses
        on
            voters.state = ranked_addresses.state
            and voters.svid = ranked_addresses.svid
            and ranked_addresses.place = 1
),

-- The voters of one mailbox are one unit, named by the first of them: a mailbox never gets two arms (F05).
mailboxes as (
    select
        *,
        min(voter) over (partition by coalesce(email_key, voter)) as unit
    from addressed
),

-- A test of segments is about everybody who is in one of them at any time of the test, from that day on (F102).
tested as (
    select
        experiments.experiment,
        mailboxes.voter_number,
        min(greatest(spells.entered_on, experiments.starts_on)) as exposed_at
    from experiments
    inner join arms
        on experiments.experiment = arms.experiment
    inner join spells
        on
            arms.segment = spells.segment
            and experiments.ends_on >= spells.entered_on
            and coalesce(experiments.starts_on < spells.left_on, true)
    inner join mailboxes
        on
            spells.state = mailboxes.state
            and spells.svid = mailboxes.svid
    cross join clock
    where experiments.starts_on <= clock.as_of_date
    group by experiments.experiment, mailboxes.voter_number
),

-- Messages by arm: handed over, or of the campaign that an arm names.
messages as (
    select
        arms.experiment,
        arms.arm,
        mailboxes.voter_number,
        mailboxes.unit,
        handovers.handed_over_at as exposed_at
    from handovers
    inner join arms
        on
            handovers.experiment = arms.experiment
            and handovers.arm = arms.arm
    inner join mailboxes
        on
            handovers.state = mailboxes.state
            and handovers.svid = mailboxes.svid
    union all
    select
        arms.experiment,
        arms.arm,
        mailboxes.voter_number,
        mailboxes.unit,
        voter_events.occurred_at as exposed_at
    from voter_events
    inner join arms
        on voter_events.campaign_id = arms.campaign_id
    inner join mailboxes
        on voter_events.voter_number = mailboxes.voter_number
    where voter_events.event_type in ('email_send', 'email_open')
),

exposures as (
    select messages.*
    from messages
    inner join experiments
        on messages.experiment = experiments.experiment
    cross join clock
    where
        not experiments.is_segment_test
        and cast(messages.exposed_at as date) between experiments.starts_on and experiments.ends_on
        and cast(messages.exposed_at as date) <= clock.as_of_date
),

exposed_units as (
    select
        experiment,
        unit,
        min(exposed_at) as exposed_at,
        min(arm) as exposed_arm,
        min(arm) <> max(arm) as is_mixed
    from exposures
    group by experiment, unit
),

-- Nobody joins an experiment that is over. A person who got a message stays in it.
members as (
    select
        audiences.name as experiment,
        audiences.voter_number
    from audiences
    inner join experiments
        on audiences.name = experiments.experiment
    cross join clock
    where
        experiments.ends_on >= clock.as_of_date
        and (not experiments.is_segment_test or experiments.starts_on > clock.as_of_date)
    union distinct
    select
        experiment,
        voter_number
    from exposures
    union distinct
    select
        experiment,
        voter_number
    from tested
),

-- The unit of a voter is the id, and of an address the address; who has none is in no experiment on addresses.
bucketed as (
    select
        experiments.*,
        mailboxes.voter_number,
        mailboxes.state,
        mailboxes.svid,
        mailboxes.unit,
        {{ hash_bucket(
            'experiments.salt',
            "case when experiments.unit_kind = 'voter' then mailboxes.unit else mailboxes.email_key end"
        ) }} as bucket,
        {{ hash_bucket(
            'experiments.ramp_salt',
            "case when experiments.unit_kind = 'voter' then mailboxes.unit else mailboxes.email_key end"
        ) }} as ramp_bucket
    from members
    inner join experiments
        on members.experiment = experiments.experiment
    inner join mailboxes
        on members.voter_number = mailboxes.voter_number
    where
        experiments.status <> 'draft'
        and (experiments.unit_kind = 'voter' or mailboxes.email_key is not null)
),

assigned as (
    select
        bucketed.*,
        arms.arm,
        coalesce(
            exposed_units.exposed_at,
            min(tested.exposed_at) over (partition by bucketed.experiment, bucketed.unit)
        ) as exposed_at,
        coalesce(exposed_units.exposed_arm, case when bucketed.is_segment_test then arms.arm end) as exposed_arm,
        coalesce(exposed_units.is_mixed, false) as is_mixed
    from bucketed
    inner join arms
        on
            bucketed.experiment = arms.experiment
            and bucketed.bucket >= arms.share_from
            and bucketed.bucket < arms.share_to
    -- Most units have not got a message yet.
    left join exposed_units
        on
            bucketed.experiment = exposed_units.experiment
            and bucketed.unit = exposed_units.unit
    -- Most experiments compare messages and not segments.
    left join tested
        on
            bucketed.experiment = tested.experiment
            and bucketed.voter_number = tested.voter_number
    -- Growing the ramp moves nobody: it has a salt of its own (F85).
    where bucketed.ramp_bucket < bucketed.ramp_share or exposed_units.unit is not null
),

listed as (
    select
        experiment,
        state,
        svid,
        arm,
        unit,
        exposed_arm,
        exposed_at,
        is_mixed,
        voter_number,
        '{{ invocation_id }}' as build_id
    from assigned
)

select * from listed
