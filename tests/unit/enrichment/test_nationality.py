"""Which country a spelling or a phone number means."""

# ruff: noqa: RUF001 - what people write is full of look-alikes

from importlib.resources import files

import pytest
from babel import Locale

from hostaway_message_db.enrichment.country_aliases import ALIASES
from hostaway_message_db.enrichment.country_names import (
    NAME_LANGUAGES,
    babel_table,
    fold,
    load_table,
    without_accents,
)
from hostaway_message_db.enrichment.nationality import Nationality, find_nationality

# Spellings as guests and channels write them, parted by bars.
SPELLINGS = {
    "DE": "DE|de|DEU|deu|Germany|GERMANY|germany |Alemania|alemania|Deutschland|Allemagne|Germania|"
    "Alemanha|Duitsland|Niemcy|Германия|Німеччина|Německo|Njemačka|Nemčija|Németország|"
    "Γερμανία|γερμανια|Almanya|ألمانيا|גרמניה|آلمان|जर्मनी|เยอรมนี|Đức|Jerman|ドイツ|독일|德国|"
    "德國|Tyskland|Saksa|Saksamaa|Vokietija|გერმანია|🇩🇪|🇩🇪 Germany|DE - Germany|"
    "Germany (Deutschland)|Federal Republic of Germany|Bundesrepublik Deutschland",
    "ES": "España|ESPAÑA|Espana|Spain|Espagne|Spanien|Spagna|Espanha|Spanje|Hiszpania|Испания|"
    "Ισπανία|İspanya|ISPANYA|إسبانيا|ספרד|スペイン|스페인|西班牙|Tây Ban Nha|Kingdom of Spain",
    "GB": "UK|uk|U.K.|GB|GBR|England|ENGLAND|Scotland|Wales|Northern Ireland|Great Britain|"
    "United Kingdom|the United Kingdom|Inglaterra|Angleterre|Escocia|Écosse|Ecosse|Reino Unido|"
    "Royaume-Uni|Vereinigtes Königreich|Großbritannien|GROSSBRITANNIEN|Англия|Великобритания|"
    "Αγγλία|英国|英國|イギリス|영국|إنجلترا|אנגליה",
    "US": "US|USA|usa|U.S.A.|U.S.|United States|United States of America|The United States|"
    "Estados Unidos|EE. UU.|EEUU|EUA|États-Unis|Etats-Unis|Vereinigte Staaten|Stati Uniti|США|"
    "Америка|美国|アメリカ|미국|ארה״ב|ABD|Hoa Kỳ|Stany Zjednoczone",
    "NL": "Netherlands|The Netherlands|Holland|holanda|Hollande|Olanda|Nederland|Países Bajos|"
    "Pays-Bas|Niederlande|Нидерланды|Голландия|荷兰|オランダ|Kingdom of the Netherlands",
    "KR": "Korea|KOREA|South Korea|Korea, Republic of|Korea (Republic of)|Republic of Korea|Corea|"
    "Corea del Sur|Corée du Sud|Südkorea|Корея|대한민국|한국|韩国|韓国",
    "KP": "North Korea|Korea (North)|DPRK|Korea, Democratic People's Republic of|Nordkorea",
    "CZ": "Czechia|Czech Republic|república checa|Republica Checa|Chequia|Tschechien|"
    "Tschechische Republik|République tchèque|Česká republika|Česko|Cesko|Чехия",
    "TR": "Turkey|Türkiye|turkiye|TÜRKİYE|Türkei|Turquía|Turquie|Турция|تركيا",
    "RU": "Russia|Russian Federation|Rusia|Russie|Russland|Россия|РОССИЯ|РФ|俄罗斯|ロシア|Nga",
    "CI": "Ivory Coast|Côte d’Ivoire|Cote d'Ivoire|cote divoire|Costa de Marfil|Elfenbeinküste",
    "MK": "Macedonia|North Macedonia|Macedonia, the former Yugoslav Republic of|Македонија",
    "SZ": "Swaziland|Eswatini|Swasiland",
    "MM": "Burma|Myanmar|Myanmar (Burma)|Birmania|Birmanie",
    "VN": "Vietnam|Viet Nam|VIETNAM|Việt Nam|越南",
    "CG": "Congo|Kongo|Congo - Brazzaville|Republic of the Congo",
    "CD": "DRC|Congo - Kinshasa|Congo, The Democratic Republic of the|RDC",
    "CN": "China|PRC|People's Republic of China|中国|中國|Китай|Chine|Kina",
    "TW": "Taiwan|Taiwan, Province of China|Republic of China|台灣|台湾",
    "HK": "Hong Kong|Hongkong|Hong Kong SAR China|香港",
    "XK": "XK|Kosovo|Kosova",
    "AT": "Austria|Österreich|Osterreich|Autriche|Áo",
    "AO": "Angola|ao",
    "CH": "Switzerland|Suisse|Schweiz|Svizzera|Suiza|スイス",
    "JP": "Japan|Nippon|日本|Japón|Япония",
    "IR": "Iran (Islamic Republic of)|Iran, Islamic Republic of|ایران",
    "BA": "Bosnia & Herzegovina|Bosnia and Herzegovina|Bosnia-Herzegovina|Bosnia",
    "GW": "Guinea-Bissau|Guinea Bissau",
    "GN": "Guinea|Guinée",
    "NE": "Niger",
    "NG": "Nigeria|NGA",
    "DM": "Dominica",
    "DO": "Dominican Republic|República Dominicana",
    "LC": "St. Lucia|Saint Lucia|St Lucia",
    "VI": "Virgin Islands, U.S.|U.S. Virgin Islands",
    "VG": "Virgin Islands, British|British Virgin Islands",
    "MD": "Moldova|Republic of Moldova|Moldova, Republic of",
    "SE": "Sweden|Suecia|Schweden|Sverige|Швеция",
    "PL": "Polska|Poland|Polonia|Polen",
    "IE": "Éire|Eire|Ireland|IRLANDA|irland|Irlande|Irish Republic",
    "MX": "México|mexico|Mejico|Méjico|Mexique|МЕКСИКА",
    "SA": "السعودية|Saudi Arabia|KSA|Arabia Saudí|saudi arabien",
    "TH": "ประเทศไทย|ไทย|Thailand|Tailandia|THA",
    "IN": "India|भारत|Indien",
    "AE": "UAE|United Arab Emirates|Emiratos Árabes|Vereinigte Arabische Emirate",
    "NA": "NA|NAM|Namibia",
}
TABLE = [(text, code) for code, listed in SPELLINGS.items() for text in listed.split("|")]

NO_COUNTRY = [
    "",
    " ",
    "?",
    "1",
    "N/A",
    "n/a",
    "n.a.",
    "ZZ",
    "EU",
    "AN",
    "Europe",
    "unknown",
    "Georgia, USA",
    "Los Angeles, CA",
    "Springfield, IL",
    "Korea, something else",
    "😀",
    "🇩🇪🇫🇷",
    "\ud800",
    "\0",
    "Spain" * 100_000,
]

PHONES = [
    ("+34600123456", "ES"),
    ("0034 600 123 456", "ES"),
    ("(+49) 30 123456", "DE"),
    ("+1 416 555 0100", "CA"),
    ("+1 212 555 0100", "US"),
    ("+1 787 555 0100", "PR"),
    ("+7 701 123 4567", "KZ"),
    ("+7 916 123 4567", "RU"),
    ("+44 7700 900123", "GB"),
    ("+44 7781 123456", "GG"),
    ("+383 44 123 456", "XK"),
    ("+247 62889", "SH"),
    ("\uff0b\uff14\uff1930123456", "DE"),
    (" +33 6 12 34 56 78 ", "FR"),
]

NO_PHONES = [
    "",
    "600123456",
    "34600123456",
    "+",
    "00",
    "+0",
    "+999 123456",
    "+870 773111632",
    "+800 12345678",
    "call +34600123456",
    "+\ud800",
    "+" + "9" * 1_000_000,
    "\0",
]


@pytest.mark.parametrize(("text", "code"), TABLE)
def test_a_spelling_means_its_country(text: str, code: str) -> None:
    assert find_nationality(text, None) == Nationality(code, "country")


def test_the_table_is_as_wide_as_promised() -> None:
    assert len(TABLE) >= 150


@pytest.mark.parametrize("text", NO_COUNTRY)
def test_what_names_no_country_falls_back_on_the_phone(text: str) -> None:
    assert find_nationality(text, None) is None
    assert find_nationality(text, "+34600123456") == Nationality("ES", "phone")


@pytest.mark.parametrize(("phone", "code"), PHONES)
def test_an_international_number_has_a_country(phone: str, code: str) -> None:
    assert find_nationality(None, phone) == Nationality(code, "phone")


@pytest.mark.parametrize("phone", NO_PHONES)
def test_other_numbers_have_none(phone: str) -> None:
    assert find_nationality(None, phone) is None


def test_the_declared_country_goes_before_the_phone() -> None:
    assert find_nationality("France", "+34600123456") == Nationality("FR", "country")
    assert find_nationality(None, None) is None


def test_every_name_babel_has_in_every_language_is_found() -> None:
    table = load_table()
    wrong: dict[str, tuple[str, str, str | None]] = {}
    for language in NAME_LANGUAGES.split():
        for code, name in Locale.parse(language).territories.items():
            if code not in table.alpha_2 or name == code:
                continue
            for spelling in (name, without_accents(name), name.upper()):
                found = find_nationality(spelling, None)
                if found is None or found.country_code != code:
                    wrong[spelling] = (language, code, found.country_code if found else None)
    assert wrong == AMBIGUOUS


# Spellings that mean another country, or none, than the language they were taken from says:
# codes go before names without accents, and "Kongo" is decided by hand.
AMBIGUOUS = {
    "Ao": ("vi", "AT", "AO"),
    "Bi": ("vi", "BE", "BI"),
    "NGA": ("vi", "RU", "NG"),
    "Kongo": ("nb", "CD", "CG"),
    "KONGO": ("nb", "CD", "CG"),
}


def test_every_alias_is_found_under_its_country() -> None:
    owners: dict[str, set[str]] = {}
    for code, listed in ALIASES.items():
        for alias in listed.split(", "):
            owners.setdefault(without_accents(fold(alias)), set()).add(code)
    assert not {alias: codes for alias, codes in owners.items() if len(codes) > 1}


def test_every_code_means_itself() -> None:
    table = load_table()
    assert len(table.alpha_2) == 250
    for code in table.alpha_2:
        assert find_nationality(code.lower(), None) == Nationality(code, "country")
    for alpha_3, code in table.alpha_3.items():
        assert find_nationality(alpha_3, None) == Nationality(code, "country")


def test_the_file_of_names_is_what_babel_has() -> None:
    kept = {line.split("\t")[0]: line.split("\t")[2].split("|") for line in _kept_lines()}
    fresh = {line.split("\t")[0]: line.split("\t")[2].split("|") for line in _fresh_lines()}
    assert kept.keys() == fresh.keys()
    missing = sum(len(set(fresh[code]) - set(kept[code])) for code in fresh)
    assert missing <= 0.02 * sum(map(len, fresh.values())), "make country_names.txt anew"


def _kept_lines() -> list[str]:
    package = files("hostaway_message_db.enrichment")
    return package.joinpath("country_names.txt").read_text(encoding="utf-8").splitlines()


def _fresh_lines() -> list[str]:
    return babel_table().splitlines()
