"""The countries of the world (ISO 3166-1) by their part of it, as listings name those parts.

A country that lies in two is where most of its people live; Turkey and the Caucasus in Asia, Russia
and Cyprus in Europe. Places without a population of their own are left out.
"""

from collections.abc import Mapping
from typing import Final

from souk_client.contracts.works import Region

REGION_NAMES: Final[Mapping[Region, str]] = {
    "af": "Africa",
    "as": "Asia",
    "eu": "Europe",
    "na": "North America",
    "oc": "Oceania",
    "sa": "South America",
}

_AFRICA = """
AO Angola|BF Burkina Faso|BI Burundi|BJ Benin|BW Botswana|CD Congo (Kinshasa)|
CF Central African Republic|CG Congo (Brazzaville)|CI Côte d'Ivoire|CM Cameroon|CV Cabo Verde|
DJ Djibouti|DZ Algeria|EG Egypt|EH Western Sahara|ER Eritrea|ET Ethiopia|GA Gabon|GH Ghana|
GM Gambia|GN Guinea|GQ Equatorial Guinea|GW Guinea-Bissau|KE Kenya|KM Comoros|LR Liberia|
LS Lesotho|LY Libya|MA Morocco|MG Madagascar|ML Mali|MR Mauritania|MU Mauritius|MW Malawi|
MZ Mozambique|NA Namibia|NE Niger|NG Nigeria|RE Réunion|RW Rwanda|SC Seychelles|SD Sudan|
SH Saint Helena|SL Sierra Leone|SN Senegal|SO Somalia|SS South Sudan|ST São Tomé and Príncipe|
SZ Eswatini|TD Chad|TG Togo|TN Tunisia|TZ Tanzania|UG Uganda|YT Mayotte|ZA South Africa|ZM Zambia|
ZW Zimbabwe
"""
_ASIA = """
AE United Arab Emirates|AF Afghanistan|AM Armenia|AZ Azerbaijan|BD Bangladesh|BH Bahrain|BN Brunei|
BT Bhutan|CN China|GE Georgia|HK Hong Kong|ID Indonesia|IL Israel|IN India|IQ Iraq|IR Iran|
IO British Indian Ocean Territory|JO Jordan|JP Japan|KG Kyrgyzstan|KH Cambodia|KP North Korea|
KR South Korea|KW Kuwait|KZ Kazakhstan|LA Laos|LB Lebanon|LK Sri Lanka|MM Myanmar|MN Mongolia|
MO Macao|MV Maldives|MY Malaysia|NP Nepal|OM Oman|PH Philippines|PK Pakistan|PS Palestine|
QA Qatar|SA Saudi Arabia|SG Singapore|SY Syria|TH Thailand|TJ Tajikistan|TL Timor-Leste|
TM Turkmenistan|TR Türkiye|TW Taiwan|UZ Uzbekistan|VN Vietnam|YE Yemen
"""
_EUROPE = """
AD Andorra|AL Albania|AT Austria|AX Åland Islands|BA Bosnia and Herzegovina|BE Belgium|BG Bulgaria|
BY Belarus|CH Switzerland|CY Cyprus|CZ Czechia|DE Germany|DK Denmark|EE Estonia|ES Spain|
FI Finland|FO Faroe Islands|FR France|GB United Kingdom|GG Guernsey|GI Gibraltar|GR Greece|
HR Croatia|HU Hungary|IE Ireland|IM Isle of Man|IS Iceland|IT Italy|JE Jersey|LI Liechtenstein|
LT Lithuania|LU Luxembourg|LV Latvia|MC Monaco|MD Moldova|ME Montenegro|MK North Macedonia|MT Malta|
NL Netherlands|NO Norway|PL Poland|PT Portugal|RO Romania|RS Serbia|RU Russia|SE Sweden|
SI Slovenia|SJ Svalbard and Jan Mayen|SK Slovakia|SM San Marino|UA Ukraine|VA Vatican City
"""
_NORTH_AMERICA = """
AG Antigua and Barbuda|AI Anguilla|AW Aruba|BB Barbados|BL Saint Barthélemy|BM Bermuda|
BQ Caribbean Netherlands|BS Bahamas|BZ Belize|CA Canada|CR Costa Rica|CU Cuba|CW Curaçao|
DM Dominica|DO Dominican Republic|GD Grenada|GL Greenland|GP Guadeloupe|GT Guatemala|HN Honduras|
HT Haiti|JM Jamaica|KN Saint Kitts and Nevis|KY Cayman Islands|LC Saint Lucia|MF Saint Martin|
MQ Martinique|MS Montserrat|MX Mexico|NI Nicaragua|PA Panama|PM Saint Pierre and Miquelon|
PR Puerto Rico|SV El Salvador|SX Sint Maarten|TC Turks and Caicos Islands|TT Trinidad and Tobago|
US United States|VC Saint Vincent and the Grenadines|VG British Virgin Islands|VI US Virgin Islands
"""
_OCEANIA = """
AS American Samoa|AU Australia|CC Cocos Islands|CK Cook Islands|CX Christmas Island|FJ Fiji|
FM Micronesia|GU Guam|KI Kiribati|MH Marshall Islands|MP Northern Mariana Islands|NC New Caledonia|
NF Norfolk Island|NR Nauru|NU Niue|NZ New Zealand|PF French Polynesia|PG Papua New Guinea|
PN Pitcairn Islands|PW Palau|SB Solomon Islands|TK Tokelau|TO Tonga|TV Tuvalu|VU Vanuatu|
WF Wallis and Futuna|WS Samoa
"""
_SOUTH_AMERICA = """
AR Argentina|BO Bolivia|BR Brazil|CL Chile|CO Colombia|EC Ecuador|FK Falkland Islands|
GF French Guiana|GY Guyana|PE Peru|PY Paraguay|SR Suriname|UY Uruguay|VE Venezuela
"""


def _read(region: Region, text: str) -> dict[str, tuple[str, Region]]:
    lines = (line.strip() for line in text.replace("\n", "").split("|"))
    return {line[:2]: (line[3:], region) for line in lines}


_COUNTRIES: Final[Mapping[str, tuple[str, Region]]] = {
    **_read("af", _AFRICA),
    **_read("as", _ASIA),
    **_read("eu", _EUROPE),
    **_read("na", _NORTH_AMERICA),
    **_read("oc", _OCEANIA),
    **_read("sa", _SOUTH_AMERICA),
}

COUNTRIES: Final[tuple[tuple[str, str], ...]] = tuple(
    sorted(((code, name) for code, (name, _) in _COUNTRIES.items()), key=lambda one: one[1])
)
"""Code and name of each, by name."""


def is_country(code: str) -> bool:
    """Whether this is the code of a country."""
    return code in _COUNTRIES


def country_name(code: str) -> str:
    """In English; an unknown code is its own name."""
    return _COUNTRIES[code][0] if code in _COUNTRIES else code


def region_of(code: str) -> Region | None:
    """The part of the world that a country lies in; None when there is no such country."""
    return _COUNTRIES[code][1] if code in _COUNTRIES else None


def named_regions(regions: list[str]) -> str:
    """Parts of the world in a sentence: `Asia, Europe and Oceania`."""
    names = [name for region, name in REGION_NAMES.items() if region in regions]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1] if names else "")))
