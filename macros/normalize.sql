{#-
    Identifiers in normal form (docs/definitions.md, "Identifiers"; F04, F07, F10). Every macro here takes a text expression
    and renders a text expression. NULL means "no identifier" and never joins.
-#}

{#- White_Space of Unicode and the zero-width U+200B-200D, U+2060, U+FEFF, for a class of a regular expression. -#}
{% macro blank_characters() -%}
    \s\p{Z}\x0b\x{85}\x{200b}-\x{200d}\x{2060}\x{feff}
{%- endmacro %}

{#- One of these characters, as a regular expression. -#}
{% macro blank() -%}
    [{{ blank_characters() }}]
{%- endmacro %}

{#- The text without blank characters at both ends. -#}
{% macro trimmed(text) -%}
    {{ replace_all(text, '^' ~ blank() ~ '+|' ~ blank() ~ '+$', '') }}
{%- endmacro %}

{#- Does this text begin and end with printable ASCII? Then there is nothing to trim, as in most texts. -#}
{% macro has_plain_ends(text) -%}
    ({{ text }} >= '!' and {{ text }} < chr(127) and substring({{ text }}, -1, 1) between '!' and '~')
{%- endmacro %}

{#- A text id: trimmed, NULL when blank. -#}
{% macro text_id(text) -%}
    case when {{ has_plain_ends(text) }} then {{ text }} else nullif({{ trimmed(text) }}, '') end
{%- endmacro %}

{#- Is this text blank? Text that begins with printable ASCII is not, and that test is fast. -#}
{% macro is_blank(text) -%}
    case when {{ text }} >= '!' and {{ text }} < chr(127) then false else {{ text_id(text) }} is null end
{%- endmacro %}

{#-
    A name that people are grouped by: county, party, gender, client. Trimmed, in the Unicode form NFC, because one
    letter with an accent may be written as one character or as two. NULL when it is blank or the word unknown.
-#}
{% macro group_name(text) -%}
    case when lower({{ text_id(text) }}) <> 'unknown' then {{ composed(text_id(text)) }} end
{%- endmacro %}

{#- The text in the Unicode form NFC. Spark has no function for it and keeps the delivered form. -#}
{% macro composed(text) -%}
    {{ adapter.dispatch('composed')(text) }}
{%- endmacro %}

{% macro default__composed(text) -%}
    nfc_normalize({{ text }})
{%- endmacro %}

{% macro spark__composed(text) -%}
    {{ text }}
{%- endmacro %}

{#-
    The letters of a county's name, to find it in the seed county_time_zones: La Porte County is laporte, too.
-#}
{% macro county_letters(text) -%}
    {{ replace_all('lower(' ~ text ~ ')', ' +(?:county|parish|borough|census area)$|[^a-z]', '') }}
{%- endmacro %}

{#- A two-letter state, upper case; NULL for any other text. -#}
{% macro state_code(text) -%}
    case
        when {{ matches(trimmed(text), '[A-Za-z]{2}') }} then upper({{ trimmed(text) }})
    end
{%- endmacro %}

{#- A custom field's name, lower case and trimmed. -#}
{% macro field_name(text) -%}
    lower({{ text_id(text) }})
{%- endmacro %}

{#- Does the custom field of this normalised name hold the voter id (seed voter_id_fields)? -#}
{% macro is_voter_id_field(field) -%}
    {{ field }} in (
        select {{ field_name('voter_id_fields.field_name') }}
        from {{ ref('voter_id_fields') }} as voter_id_fields
    )
{%- endmacro %}

{#- An address, lower case and trimmed, valid or not. -#}
{% macro email_text(text) -%}
    lower({{ trimmed(text) }})
{%- endmacro %}

{#-
    Is this a full domain name in lower case, without the dot of the root? Record names may have labels such as _dmarc. A
    label has at most 63 characters.
-#}
{% macro is_domain_name(text) -%}
    {%- set label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?" -%}
    {{ matches(text, '(?:' ~ label ~ '[.])+(?:[a-z]{2,63}|xn--[a-z0-9-]{0,58}[a-z0-9])') }}
{%- endmacro %}

{#-
    The form of an address: a local part and a domain in lower case. email_key checks their lengths, and those of the
    domain's labels.
-#}
{% macro email_pattern() -%}
    {%- set atom = "[a-z0-9!#$%&'*+/=?^_{|}~`-]+" -%}
    {%- set label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?" -%}
    {{ atom }}(?:[.]{{ atom }})*@(?:{{ label }}[.])+(?:[a-z]{2,}|xn--[a-z0-9-]*[a-z0-9])
{%- endmacro %}

{#-
    Text in the form of an address, trimmed and in lower case; any other text gives NULL. Most text is already in normal
    form, and the test for it is faster than trimming, so the test comes first. An address contains no blank, so the part
    between the blanks at both ends is the address. The second test comes before the extraction because it takes a third
    of the time.
-#}
{% macro well_formed_email(text) -%}
    {%- set in_any_case = email_pattern() | replace('a-z', 'A-Za-z') | replace('xn--', '[xX][nN]--') -%}
    case
        when {{ matches(text, email_pattern()) }} then {{ text }}
        when {{ matches(text, blank() ~ '*' ~ in_any_case ~ blank() ~ '*') }}
            then lower({{ extracted(text, '^' ~ blank() ~ '*([!-~]+)' ~ blank() ~ '*$') }})
    end
{%- endmacro %}

{#-
    The key of a well-formed address: NULL when it is too long or a placeholder. The argument must be a column, not an
    expression: with two steps the engine computes the first one once. An address of up to 64 characters has no part
    that is too long; few are longer.
-#}
{% macro email_key(well_formed_email) -%}
    case
        when
            (
                length({{ well_formed_email }}) <= 64
                or (
                    length({{ well_formed_email }}) <= 254
                    and strpos({{ well_formed_email }}, '@') <= 65
                    and not {{ matches(well_formed_email, '[^@]+@(?:.*[.])?[^.]{64,}(?:[.].*)?') }}
                )
            )
            and not {{ is_placeholder(well_formed_email) }}
            then {{ well_formed_email }}
    end
{%- endmacro %}

{#-
    Is this text that people enter in place of an address or phone (seed placeholder_identifiers)? On DuckDB the seed is a
    list, not a join: a view that does not need the answer then does not compute the text.
-#}
{% macro is_placeholder(text) -%}
    {{ adapter.dispatch('is_placeholder')(text) }}
{%- endmacro %}

{% macro default__is_placeholder(text) -%}
    coalesce({{ text }} in (select placeholders.identifier from {{ ref('placeholder_identifiers') }} as placeholders), false)
{%- endmacro %}

{% macro duckdb__is_placeholder(text) -%}
    coalesce(list_contains(
        (select list(placeholders.identifier) from {{ ref('placeholder_identifiers') }} as placeholders), {{ text }}
    ), false)
{%- endmacro %}

{#-
    A fast first search for a few addresses among millions of texts, in a fifth of the time of email_key. Text with a key
    gives its key. Other text may give anything, so check the found rows with email_key.
-#}
{% macro email_lookup(text) -%}
    case when {{ has_plain_ends(text) }} then lower({{ text }}) else {{ email_text(text) }} end
{%- endmacro %}

{#-
    The same for phones. Ten characters are a phone only if all are digits, and fewer are never a phone, so only longer
    text is normalised.
-#}
{% macro phone_lookup(text) -%}
    case when length({{ text }}) > 10 then {{ well_formed_phone(text) }} else {{ text }} end
{%- endmacro %}

{#-
    Why text gives no key: blank, placeholder, malformed, or what `otherwise` says in place of malformed. The slow check
    runs only on rows whose key is NULL.
-#}
{% macro missing_key_reason(key, text, otherwise="'malformed'") -%}
    {%- set guarded = 'case when ' ~ key ~ ' is null then ' ~ email_text(text) ~ ' end' -%}
    case
        when {{ text_id(text) }} is null then 'blank'
        when {{ is_placeholder('(' ~ guarded ~ ')') }} then 'placeholder'
        else {{ otherwise }}
    end
{%- endmacro %}

{#- Why text gives no e-mail key. The `xn--` form of a domain is valid, so only its other form is refused. -#}
{% macro missing_email_reason(key, text) -%}
    {%- set local_part = '[^@' ~ blank_characters() ~ ']+' -%}
    {%- set label = '[^@' ~ blank_characters() ~ ']*' -%}
    {%- set non_ascii = '[^\\x00-\\x7f' ~ blank_characters() ~ ']' -%}
    {%- set pattern = blank() ~ '*' ~ local_part ~ '@' ~ label ~ non_ascii ~ label ~ blank() ~ '*' -%}
    {{ missing_key_reason(
        key, text, "case when " ~ matches(text, pattern) ~ " then 'non_ascii_domain' else 'malformed' end"
    ) }}
{%- endmacro %}

{#- Why text gives no phone key. -#}
{% macro missing_phone_reason(key, text) -%}
    {{ missing_key_reason(
        key, text, "case when " ~ is_foreign_phone(text) ~ " then 'foreign' else 'malformed' end"
    ) }}
{%- endmacro %}

{#-
    The start of a phone that was written with a country code: a plus before the first digit, or 00 or 011 after no more
    than blanks, brackets and dots, and all up to the next digit. The full-width plus counts as well.
-#}
{% macro international_prefix() -%}
    (?:[^0-9+\x{ff0b}\x{fe62}]*[+\x{ff0b}\x{fe62}]|[{{ blank_characters() }}()\[\]{}.]*(?:00|011))[^0-9]*
{%- endmacro %}

{#- Has the phone a country code other than 1, the North American one? -#}
{% macro is_foreign_phone(text) -%}
    {{ matches(text, international_prefix() ~ '(?:[02-9](?s:.*))?') }}
{%- endmacro %}

{#-
    A phone's ten digits in the North American plan; NULL when it is malformed or foreign. A large organisation's map has
    182 million rows, so ten digits are taken as they are, and the usual spellings and numbers that were once decimals
    are read by one pattern each. Only other text goes through all steps: the zeros of a decimal go, a country code's
    prefix becomes a plus, an extension at the end goes, then all characters except digits and this plus; after the plus
    the 1 is required, without it the 1 of eleven digits goes. A decimal such as 608234.0000 looks like a usual spelling,
    so it goes that way too.
-#}
{% macro well_formed_phone(text) -%}
    {%- set ten_digits = '[2-9][0-9]{2}[2-9][0-9]{6}' -%}
    {%- set usual = '[ ().-]*(?:(?:[+][ ().-]*)?1[ ().-]*)?([2-9][0-9]{2})[ ().-]*([2-9][0-9]{2})[ ().-]*([0-9]{4})[ ]*'
        ~ '(?:(?:[eE][xX][tT][.]?|[xX]|#)[ ]*[0-9]+[ ]*)?' -%}
    {%- set decimal = '(?:[+]?1)?(' ~ ten_digits ~ ')[.]0+' -%}
    {%- set extension = '(?i)(?:ext[.]?|x|#)' ~ blank() ~ '*[0-9]+' ~ blank() ~ '*$' -%}
    {%- set whole = replace_all(text, '^' ~ blank() ~ '*([+]?[0-9]+)[.]0+' ~ blank() ~ '*$', '\\1') -%}
    {%- set marked = replace_all(whole, '^' ~ international_prefix(), '+') -%}
    {%- set digits = replace_all(replace_all(marked, extension, ''), '^([+])|[^0-9]', '\\1') -%}
    case
        when {{ matches(text, ten_digits) }} then {{ text }}
        when {{ matches(text, usual) }} and {{ text }} not like '%.0000%'
            then {{ replace_all(text, '^' ~ usual ~ '$', '\\1\\2\\3') }}
        when {{ matches(text, decimal) }} then {{ extracted(text, '^' ~ decimal ~ '$') }}
        else {{ extracted(digits, '^(?:[+]?1)?(' ~ ten_digits ~ ')$') }}
    end
{%- endmacro %}

{#-
    The key of a well-formed phone: NULL when it is one digit repeated. Two steps, as with addresses. No `not in`: the
    engine turns a list of eight into a join, and computes it even when the key is not needed.
-#}
{% macro phone_key(well_formed_phone) -%}
    case
        when
            {% for digit in '23456789' -%}
            {{ 'and ' if not loop.first }}{{ well_formed_phone }} <> '{{ digit * 10 }}'
            {% endfor -%}
            then {{ well_formed_phone }}
    end
{%- endmacro %}

{#- The first group of a pattern's first match, NULL without a match. -#}
{% macro extracted(text, pattern) -%}
    {{ adapter.dispatch('extracted')(text, pattern) }}
{%- endmacro %}

{% macro default__extracted(text, pattern) -%}
    nullif(regexp_extract({{ text }}, '{{ pattern | replace("'", "''") }}', 1), '')
{%- endmacro %}

{% macro spark__extracted(text, pattern) -%}
    nullif(regexp_extract({{ text }}, r'{{ pattern | replace("'", "\\x27") }}', 1), '')
{%- endmacro %}

{#- Does the whole text match? Use only patterns that RE2 and Java read in the same way. -#}
{% macro matches(text, pattern) -%}
    {{ adapter.dispatch('matches')(text, pattern) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern | replace("'", "''") }}')
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    {{ text }} rlike r'^(?:{{ pattern | replace("'", "\\x27") }})$'
{%- endmacro %}

{#- The text with every match replaced. -#}
{% macro replace_all(text, pattern, replacement) -%}
    {{ adapter.dispatch('replace_all')(text, pattern, replacement) }}
{%- endmacro %}

{% macro default__replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, r'{{ pattern }}', '{{ replacement | replace("\\\\", "$") }}')
{%- endmacro %}
