"""Machines in the random population: what scanners and proxies leave in `email_clickers`.

The sender does not flag these rows. They are drawn from a stream of their own and stand in a file
of their own, so the rest of the sample is the same with and without them.
"""

from __future__ import annotations

from sample_data.world import FIRST_VOTER_ADDRESS, LAST_DAY

# What each machine does, by the share of voters' addresses that it guards. A slow scanner looks
# like a person: no rule can recognise it, and the truth counts it as missed.
KINDS = {
    "gateway": (0.000, 0.004),  # follows every link while it delivers, the unsubscribe link too
    "late_gateway": (0.004, 0.007),  # the same, hours later
    "queue": (0.007, 0.009),  # empties its queue: several mailings in a few seconds
    "link_walker": (0.009, 0.012),  # a few different links, half an hour later
    "slow_scanner": (0.012, 0.014),  # one link, some seconds later
}
PROXIES = 0.25  # of the voters' addresses that never answered much mail
MUCH_MAIL = 6


def _is(kind: str) -> str:
    least, most = KINDS[kind]
    return f"(luck >= {least} and luck < {most})"


def visits(sends: str) -> str:
    """Statement that makes the table `machine_visit`: one row per row of the extract."""
    return f"""
        create or replace table machine_visit as
        with mailed as (
            select
                addr,
                email,
                client,
                campaign_id,
                slot,
                send_at,
                -- Strangers are many: few of them are guarded.
                draw(addr, 'machine') * if(addr >= {FIRST_VOTER_ADDRESS}, 1, 6) as luck,
                row_number() over (partition by addr order by send_at desc, slot) as place,
                row_number() over (partition by addr, client order by send_at desc, slot) = 1
                    as is_last_of_client,
                max(send_at) over (partition by addr) as last_send_at,
                count(*) over (partition by addr) as mails,
                bool_or(opened or clicks > 0 or is_scanned) over (partition by addr) as is_answered
            from read_parquet('{sends}')
            where not bounced
        ),

        clicked as (
            select
                *,
                'gateway' as machine,
                send_at + to_milliseconds(1000 + 900 * n) as event_at,
                'https://link.example/' || n as link,
                0 as opens,
                1 as clicks,
                0 as unsubs
            from (
                select *, unnest(range(5 + cast(floor(draw(slot, 'links') * 4) as bigint))) as n
                from mailed
                where {_is("gateway")} and draw(slot, 'visit') < 0.5
            )
            union all
            select
                *,
                'late_gateway',
                send_at + to_seconds(3600 + floor(draw(slot, 'delay') * 18000))
                    + to_milliseconds(800 * n),
                'https://link.example/' || n % 3,
                0,
                1,
                0
            from (
                select *, unnest(range(6 + cast(floor(draw(slot, 'links') * 6) as bigint))) as n
                from mailed
                where {_is("late_gateway")} and draw(slot, 'visit') < 0.5
            )
            union all
            select
                *,
                place as n,
                'queue',
                last_send_at + interval 40 minute + to_seconds(place),
                null,
                0,
                1,
                0
            from mailed
            where {_is("queue")} and place <= 5
            union all
            select
                *,
                'link_walker',
                send_at + interval 30 minute + to_milliseconds(1500 * n),
                'https://link.example/' || n,
                0,
                1,
                0
            from (
                select *, unnest(range(4 + cast(floor(draw(slot, 'links') * 2) as bigint))) as n
                from mailed
                where {_is("link_walker")} and draw(slot, 'visit') < 0.5
            )
            union all
            select
                *,
                0 as n,
                'slow_scanner',
                send_at + to_seconds(6 + floor(draw(slot, 'delay') * 34)),
                'https://link.example/0',
                0,
                1,
                0
            from mailed
            where {_is("slow_scanner")} and draw(slot, 'visit') < 0.5
            union all
            select
                *,
                100 as n,
                'gateway',
                send_at + interval 1500 millisecond,
                null,
                1,
                0,
                0
            from mailed
            where {_is("gateway")} and draw(slot, 'visit') < 0.5
            union all
            select
                *,
                101 as n,
                'gateway',
                send_at + interval 3 second,
                null,
                0,
                0,
                1
            from mailed
            -- Who has left gets no more mail.
            where {_is("gateway")} and draw(slot, 'visit') < 0.5 and is_last_of_client
            union all
            select
                *,
                0 as n,
                'proxy',
                send_at + to_seconds(1 + floor(draw(slot, 'delay') * 25)),
                null,
                1,
                0,
                0
            from mailed
            where
                addr >= {FIRST_VOTER_ADDRESS}
                and not is_answered
                and mails >= {MUCH_MAIL}
                and draw(addr, 'proxy') < {PROXIES}
                and draw(slot, 'visit') < 0.9
        )

        select
            'm' || lower(to_hex(hash(xor(cast(slot as ubigint), hash(machine || '/' || n)))))
                as event_id,
            machine,
            clicked.addr,
            clicked.email,
            cast(clicked.campaign_id as varchar) as campaign_id,
            client.client_shortname,
            clicked.event_at,
            clicked.opens,
            clicked.clicks,
            clicked.unsubs,
            clicked.link
        from clicked
        inner join client on clicked.client = client.client
        where clicked.event_at < timestamp '{LAST_DAY}' + interval 1 day
    """


ROWS = """
    select
        email as "EMAIL",
        campaign_id as "CAMPAIGN_ID",
        client_shortname as "CLIENT_SHORTNAME",
        event_at as "EVENT_DATE",
        0 as "SEND",
        opens as "OPEN",
        clicks as "CLICK",
        0 as "BOUNCE",
        0 as "COMPLAINT",
        unsubs as "UNSUBSCRIBE",
        false as "IS_BOT",
        event_id as "EVENT_ID",
        link as "LINK"
    from machine_visit
    order by event_at, event_id
"""

# Every row that a machine made and the sender did not flag.
TRUTH = f"""
    select
        event_id,
        machine,
        email as email_key,
        addr >= {FIRST_VOTER_ADDRESS} as is_of_voter_file
    from machine_visit
    order by event_id
"""
