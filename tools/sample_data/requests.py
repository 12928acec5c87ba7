"""Requests not to be contacted, and the DNS records of sending domains: a few of every kind."""

from __future__ import annotations

from sample_data.world import LAST_DAY

TABLES = ("suppressions", "dns_records")

_KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"  # the beginning of every RSA key of 2048 bits

# Client, and what its records look like: most are in order, a few are not.
_DOMAINS = (
    (0, "v=spf1 include:spf.mail.example ip4:192.0.2.1 -all", 392, "v=DMARC1; p=reject"),
    (1, "v=spf1 include:spf.mail.example ~all", 392, "v=DMARC1; p=quarantine; pct=100"),
    (2, "v=spf1 include:spf.mail.example ~all", 216, "v=DMARC1; p=none"),
    (3, "v=spf1 +all", 160, "v=DMARC1; p=reject; pct=20"),
    (4, "v=spf1 ip4:198.51.100.7 ?all", 0, ""),
    (5, "", 392, "v=DMARC1; p=reject"),
)


def _records() -> str:
    rows = [
        f"({client}, '', '{spf}'), ({client}, 's1._domainkey.', '{_key(length)}'),"
        f" ({client}, '_dmarc.', '{dmarc}'), ({client}, 'spf.mail.example',"
        f" '{'v=spf1 ip4:203.0.113.0/24 ~all' if 'include' in spf else ''}')"
        for client, spf, length, dmarc in _DOMAINS
    ]
    return ", ".join(rows)


def _key(length: int) -> str:
    return f"v=DKIM1; k=rsa; p={(_KEY * 13)[:length]}" if length else ""


def queries() -> dict[str, str]:
    """The rows of each table."""
    return {
        "suppressions": f"""
            with asked as (
                select
                    *,
                    draw(p, 'asks how') as how,
                    -- A few begin after the last day.
                    date '{LAST_DAY}' + 20
                    - cast(floor(900 * draw(p, 'asks when')) as integer) as from_date
                from voter
                where (draw(p, 'asks for peace') < 0.006 or p in (15, 16, 17)) and p = human
            )

            select
                case
                    when how < 0.5 and has_email then dirty_email(email, draw(p, 'asks dirt'))
                    when how < 0.8 and has_cell_phone
                        then dirty_phone(cell_phone, draw(p, 'asks phone dirt'))
                    when svid is not null then state || ':' || svid
                    else email
                end as identifier,
                case
                    when how < 0.4 and has_email then 'email'
                    when how between 0.5 and 0.7 and has_cell_phone
                        then pick(p, 'asks channel', ['phone', 'sms'])
                    else pick(p, 'asks all', ['all', null])
                end as channel,
                pick(p, 'asks why', ['asked by phone', 'asked by mail', 'moved away', 'complaint'])
                    as reason,
                if(draw(p, 'asks always') < 0.1, null, cast(from_date as timestamp)) as from_date
            from asked
            order by p
        """,
        "dns_records": f"""
            select
                replace(client_shortname, '_', '-') || '.example' as domain,
                'TXT' as record_type,
                if(name = 'spf.mail.example', name,
                    name || replace(client_shortname, '_', '-') || '.example') as name,
                value,
                timestamp '{LAST_DAY}' - interval 1 day as collected_at
            from (values {_records()}) as records (client, name, value)
            inner join client using (client)
            where value <> ''
            order by client, name
        """,
    }


TRUTH = {
    # The classes of voters' addresses that are rare, and mailboxes that were closed.
    "address_classes": """
        select
            addr,
            email as email_key,
            case
                when draw(addr, 'address class') < 0.004 then 'role'
                when draw(addr, 'address class') < 0.006 then 'disposable'
                when draw(addr, 'address class') < 0.010 then 'relay'
                else 'valid'
            end as address_class,
            cast(closed_at(addr) as date) as closed_on
        from voter_address
        where draw(addr, 'address class') < 0.010 or closed_at(addr) is not null
        order by addr
    """,
}
