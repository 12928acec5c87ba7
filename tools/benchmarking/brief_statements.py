"""The brief's six statements, rewritten from their behaviour, with all their flaws.

They read views or tables named like the extracts; `{svid_list}` stands for the ids. Only names are
ours: a column that the interface has too is called as there. Mended is what keeps a statement from
running at all: the ids are a bound list, and `create_views` stands in for columns that an extract
lacks and for ids that cannot be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

BOUND_LIST = "select unnest($svids)"

ENRICHMENT = """
with requested as (
    select held.value as svid, held.person_id
    from custom_field as naming
    inner join person_custom_field as held on held.custom_field_id = naming.id
    where naming.name = 'state_voter_id' and held.value in ({svid_list})
),

reachable as (
    select requested.svid, somebody.email
    from person as somebody
    inner join requested on requested.person_id = somebody.id
    where somebody.email is not null
),

mailed as (
    select
        reachable.svid,
        sum(mail.click) as clicks,
        sum(mail.open) as opens,
        count(distinct mail.campaign_id) as campaigns,
        count(distinct mail.client_shortname) as clients,
        max(mail.event_date) as last_at
    from email_clickers as mail
    inner join reachable on lower(mail.email) = lower(reachable.email)
    group by reachable.svid
),

given as (
    select reachable.svid, count(*) as gifts, max(gift.donation_date) as last_at
    from donations as gift
    inner join reachable on lower(gift.email) = lower(reachable.email)
    group by reachable.svid
)

select
    requested.svid,
    ifnull(mailed.campaigns, 0) as campaigns_engaged,
    ifnull(mailed.clicks, 0) as total_clicks,
    ifnull(mailed.opens, 0) as total_opens,
    ifnull(mailed.clients, 0) as clients_engaged,
    ifnull(given.gifts, 0) as donation_count,
    mailed.last_at as last_engagement_date,
    given.last_at as last_donation_date,
    ifnull(given.gifts > 0, false) as is_donor,
    ifnull(mailed.clicks > 0, false) as is_clicker
from requested
left join mailed on mailed.svid = requested.svid
left join given on given.svid = requested.svid
"""

AFFINITY = """
with addresses as (
    select distinct lower(somebody.email) as address
    from person as somebody
    inner join person_custom_field as held on held.person_id = somebody.id
    inner join custom_field as naming on naming.id = held.custom_field_id
    where naming.name = 'state_voter_id' and held.value in ({svid_list})
        and somebody.email is not null
),

summed as (
    select
        mail.client_shortname,
        count(distinct mail.email) as unique_contacts,
        count(*) as total_events,
        sum(mail.send) as sent,
        sum(mail.open) as opened,
        sum(mail.click) as clicked,
        sum(mail.unsubscribe) as left_us
    from addresses
    inner join email_clickers as mail on addresses.address = lower(mail.email)
    group by mail.client_shortname
)

select
    client_shortname,
    unique_contacts,
    total_events,
    round(opened * 100.0 / nullif(sent, 0), 2) as open_rate,
    round(clicked * 100.0 / nullif(opened, 0), 2) as click_through_rate,
    round(left_us * 100.0 / nullif(sent, 0), 4) as unsub_rate,
    round((3.0 * clicked + opened - 5.0 * left_us) / nullif(sent, 0) * 100, 2) as affinity_score
from summed
order by affinity_score desc
"""

PROPENSITY = """
with mailed as (
    select
        email,
        sum(click) as clicks,
        sum(mail.open) as opens,
        count(distinct campaign_id) as campaigns,
        count(distinct client_shortname) as clients,
        date_diff('day', cast(max(event_date) as date), current_date) as days
    from email_clickers as mail
    group by email
),

given as (
    select
        email,
        count(*) as gifts,
        date_diff('day', cast(max(donation_date) as date), current_date) as days
    from donations
    group by email
),

featured as (
    select
        somebody.id as person_id,
        somebody.email,
        somebody.state,
        somebody.county,
        ifnull(mailed.clicks, 0) as total_clicks,
        ifnull(mailed.opens, 0) as total_opens,
        ifnull(mailed.campaigns, 0) as campaigns_count,
        ifnull(mailed.clients, 0) as clients_count,
        ifnull(mailed.days, 9999) as days_since_last_click,
        ifnull(given.gifts, 0) as past_donations,
        ifnull(given.days, 9999) as days_since_last_donation
    from person as somebody
    left join mailed on lower(mailed.email) = lower(somebody.email)
    left join given on lower(given.email) = lower(somebody.email)
)

select
    featured.*,
    round(
        if(past_donations > 0, 0.7, 0.1)
        + 0.15 * least(total_clicks, 50) / 50.0
        + 0.10 * least(campaigns_count, 20) / 20.0
        - 0.05 * least(days_since_last_click, 365) / 365.0,
        3
    ) as donor_propensity_score
from featured
"""

HEALTH = """
with summed as (
    select
        cast(date_trunc('week', cast(mail.event_date as date)) as date) as week_start,
        count(distinct mail.email) as active_contacts,
        sum(mail.send) as sends,
        sum(mail.open) as opened,
        sum(mail.click) as clicked,
        sum(mail.bounce) as bounced,
        sum(mail.complaint) as complained,
        sum(mail.unsubscribe) as left_us
    from email_clickers as mail
    where mail.email in (
        select lower(somebody.email)
        from person as somebody
        inner join person_custom_field as held on held.person_id = somebody.id
        inner join custom_field as naming on naming.id = held.custom_field_id
        where naming.name = 'state_voter_id' and held.value in ({svid_list})
    )
    group by 1
)

select
    week_start,
    active_contacts,
    sends,
    round(opened * 100.0 / nullif(sends, 0), 2) as open_rate,
    round(clicked * 100.0 / nullif(opened, 0), 2) as ctr,
    round(bounced * 100.0 / nullif(sends, 0), 2) as bounce_rate,
    round(left_us * 100.0 / nullif(sends, 0), 4) as unsub_rate,
    round(complained * 100.0 / nullif(sends, 0), 4) as complaint_rate
from summed
order by week_start desc
"""

LOOKALIKE = """
with pattern as (
    select
        mail.client_shortname,
        count(*) as events,
        count(*) / cast(sum(count(*)) over () as double) as share
    from email_clickers as mail
    where mail.email in (
        select lower(somebody.email)
        from person as somebody
        inner join person_custom_field as held on held.person_id = somebody.id
        inner join custom_field as naming on naming.id = held.custom_field_id
        where naming.name = 'state_voter_id' and held.value in ({svid_list})
    )
    group by mail.client_shortname
    having count(*) > 10
),

others as (
    select mail.email, mail.client_shortname, count(*) as events
    from email_clickers as mail
    where mail.email not in (
        select lower(somebody.email)
        from person as somebody
        inner join person_custom_field as held on held.person_id = somebody.id
        where held.value in ({svid_list})
    )
    group by mail.email, mail.client_shortname
),

overlapping as (
    select others.email, sum(pattern.share * least(2 * pattern.events, others.events)) as score
    from pattern
    inner join others on others.client_shortname = pattern.client_shortname
    group by others.email
)

select
    overlapping.email,
    overlapping.score as similarity_score,
    somebody.id as person_id,
    held.value as svid
from custom_field as naming
inner join person_custom_field as held on held.custom_field_id = naming.id
inner join person as somebody on somebody.id = held.person_id
inner join overlapping on lower(overlapping.email) = lower(somebody.email)
where naming.name = 'state_voter_id'
order by similarity_score desc
limit 1000
"""

ATTRIBUTION = """
with clicked as (
    select
        campaign.client_shortname,
        campaign.campaign_name,
        campaign.start_date,
        mail.email,
        mail.event_date
    from campaigns as campaign
    inner join email_clickers as mail on mail.campaign_id = campaign.campaign_id
    where mail.click = 1
),

followed as (
    select
        clicked.client_shortname,
        clicked.campaign_name,
        gift.email,
        date_diff('day', cast(clicked.event_date as date), cast(gift.donation_date as date)) as days
    from donations as gift
    inner join clicked on lower(clicked.email) = lower(gift.email)
    where clicked.event_date <= gift.donation_date
)

select
    client_shortname,
    campaign_name,
    count(distinct email) as donors_attributed,
    avg(days) as avg_days_to_donate,
    min(days) as min_days,
    max(days) as max_days
from followed
where days <= 30
group by client_shortname, campaign_name
order by donors_attributed desc
limit 50
"""

LOOKALIKE_MENDED = LOOKALIKE.replace(
    """        where held.value in ({svid_list})
    )
    group by mail.email""",
    """        where held.value in ({svid_list}) and somebody.email is not null
    )
    group by mail.email""",
)
"""As it is, one voter of the segment without an address is enough for an answer without rows."""

STATEMENTS = {
    "enrichment": ENRICHMENT,
    "affinity": AFFINITY,
    "propensity": PROPENSITY,
    "health": HEALTH,
    "lookalike": LOOKALIKE,
    "lookalike_mended": LOOKALIKE_MENDED,
    "attribution": ATTRIBUTION,
}
"""By scenario; the lookalike twice, for the first of them may do none of its work."""


def bound(statement: str) -> str:
    """A statement whose ids are the parameter ``svids``, a list of text."""
    return statement.replace("{svid_list}", BOUND_LIST)


def create_views(
    con: duckdb.DuckDBPyConnection,
    extracts: Path,
    columns: Mapping[str, Iterable[str]],
    *,
    is_mended: bool = True,
) -> None:
    """Views named like the extracts, whose ``columns`` by table are those of the interface.

    Mended ones stand in for columns that the files lack, and have campaign ids as text, which can
    be compared whatever they are.
    """
    for table, declared in columns.items():
        files = str(extracts / table / "*.parquet").replace("'", "''")
        delivered = f"select * from read_parquet('{files}')"
        present = {row[0]: row[1] for row in con.execute(f"describe {delivered}").fetchall()}
        replaced, added = "", ""
        if is_mended:
            stand_ins = {name: "null" for name in declared if name not in present}
            if "CAMPAIGN_NAME" in stand_ins:
                stand_ins["CAMPAIGN_NAME"] = "cast(campaign_id as varchar)"
            added = "".join(f", {value} as {name}" for name, value in stand_ins.items())
            if present.get("CAMPAIGN_ID", "VARCHAR") != "VARCHAR":
                replaced = " replace (cast(campaign_id as varchar) as campaign_id)"
        con.execute(f"create view {table} as select *{replaced}{added} from ({delivered})")
