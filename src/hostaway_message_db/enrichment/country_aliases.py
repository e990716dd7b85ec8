"""Names of countries that people write and the Unicode CLDR does not list.

Short and former names, parts of the United Kingdom, official inverted forms, and, under the
country chosen, the spellings that mean more than one country. Compared as `country_names` folds
names, so case, accents, punctuation, "the" and "and" do not matter here.
"""

from typing import Final

ALIASES: Final[dict[str, str]] = {
    "AE": "UAE, Emirates, Emiratos, Emiratos Árabes, Emirats, EAU, VAE, ОАЭ, Dubai, Abu Dhabi, "
    "الإمارات",
    "AG": "Antigua, Barbuda",
    "AU": "Commonwealth of Australia",
    "BA": "Bosnia, Herzegovina, Bosnia Hercegovina, Bosnie, Bosnien, Босния, BiH",
    "BN": "Brunei Darussalam",
    "BO": "Bolivia (Plurinational State of)",
    "BQ": "Bonaire, Saba, Sint Eustatius, Bonaire Sint Eustatius Saba, Dutch Caribbean",
    "BS": "Bahamas, Las Bahamas",
    "BY": "Byelorussia, Weißrussland, Wit-Rusland, Bielorrusia, Biélorussie, Bielorussia, "
    "Bielorrússia, Vitryssland, Hviderusland, Белоруссия",
    "CD": "DRC, DR Congo, RDC, Zaire, Congo Kinshasa, Congo (Democratic Republic of the), "
    "Democratic Republic of the Congo, Congo the Democratic Republic of the, "
    "República Democrática del Congo, République démocratique du Congo, "
    "Demokratische Republik Kongo, Repubblica Democratica del Congo",
    "CF": "CAR",
    # "Congo" and "Kongo" alone: the ISO short name is that of Brazzaville.
    "CG": "Congo, Kongo, Congo Brazzaville, República del Congo, République du Congo",
    "CH": "Swiss, SUI, Suiza, Confoederatio Helvetica, Helvetia, Swiss Confederation",
    "CI": "Ivory Coast, Elfenbeinküste, Costa de Marfil, Costa d'Avorio, Costa do Marfim, "
    "Ivoorkust, Elfenbenskysten, Elfenbenskusten, Wybrzeże Kości Słoniowej, "
    "Берег Слоновой Кости",
    "CN": "PRC, China mainland, Mainland China, People's Republic of China, PR China, "
    "中国大陆, 中國大陸, 中华人民共和国, 中華人民共和國",
    "CV": "Cape Verde, Cabo Verde, Kap Verde",
    "CZ": "Czech Republic, Czech, Czech Rep, Tschechische Republik, República Checa, "
    "République tchèque, Repubblica Ceca, Česká republika, Republika Czeska, Tsjechische "
    "Republiek, Tjeckiska republiken, Чешская Республика, Czechoslovakia",
    "DE": "BRD, GER, Germany West, West Germany, Federal Republic of Germany, "
    "Bundesrepublik Deutschland",
    "DO": "Dominican Rep, Rep Dominicana, Republic Dominican, Santo Domingo",
    "ES": "Canary Islands, Islas Canarias, Balearic Islands, Islas Baleares, Kingdom of Spain",
    "FM": "Micronesia",
    "FR": "French Republic, République française, France métropolitaine, Corsica, Corse",
    "GB": "UK, U.K., Great Britain, Britain, England, Scotland, Wales, Northern Ireland, "
    "Gran Bretaña, Grande-Bretagne, Großbritannien, Gran Bretagna, Grã-Bretanha, "
    "Groot-Brittannië, Wielka Brytania, Velká Británie, Storbritannien, Βρετανία, Британия, "
    "United Kingdom of Great Britain and Northern Ireland, Inglaterra, Angleterre, Inghilterra, "
    "Engeland, Anglia, Anglie, Anglicko, Engleska, İngiltere, Englanti, Англия, Англія, Αγγλία, "
    "אנגליה, إنجلترا, انجلترا, بريطانيا, انگلستان, イングランド, 잉글랜드, 英格兰, 英格蘭, อังกฤษ, "
    "Escocia, Écosse, Schottland, Scozia, Schotland, Escócia, Szkocja, Шотландия, Σκωτία, "
    "スコットランド, 苏格兰, 蘇格蘭, País de Gales, Gales, Pays de Galles, Galles, Уэльс, "
    "Irlanda del Norte, Irlande du Nord, Nordirland, Irlanda del Nord, Noord-Ierland, "
    "Северная Ирландия",
    "GS": "South Georgia",
    "HK": "Hong Kong, Hongkong, Hong-Kong, Гонконг, 香港, 홍콩, ฮ่องกง, هونغ كونغ",
    "IE": "Eire, Southern Ireland, Irish Republic",
    "JP": "Nippon, Nihon, 日本国",
    "MX": "Mejico, Estados Unidos Mexicanos",
    "NZ": "Aotearoa",
    "IR": "Persia, Iran (Islamic Republic of)",
    "KN": "St Kitts, Nevis",
    "KP": "North Korea, DPRK, Korea North, Korea DPR, Korea (Democratic People's Republic of), "
    "Democratic People's Republic of Korea, Korea Dem. People's Rep., Korea Dem Rep",
    # "Korea" alone: guests from the North do not travel.
    "KR": "Korea, Corea, Corée, Coreia, Корея, Κορέα, קוריאה, كوريا, 한국, 대한민국, 大韩民国, "
    "大韓民國, 大韓民国, Korea South, Korea (Republic of), Korea the Republic of, Korea Rep, "
    "Republic of Korea, S. Korea, ROK, República de Corea, République de Corée, Republik Korea",
    "LA": "Lao PDR, Lao People's Democratic Republic",
    "LC": "Santa Lucia",
    "LY": "Libyan Arab Jamahiriya",
    "MF": "St Martin French part",
    "MK": "Macedonia, FYROM, Mazedonien, Macédoine, Macedônia, Makedonija, Makedonya, Makedonien, "
    "Macedonië, Македония, Македонија, Former Yugoslav Republic of Macedonia, "
    "Macedonia the former Yugoslav Republic of",
    "MM": "Burma, Birma, Birmania, Birmanie, Birmânia, Barma, Бирма, Myanmar",
    "MO": "Macau, Macao, Макао, 澳门, 澳門, マカオ, 마카오",
    "NL": "NED, Holland, Holanda, Hollande, Olanda, Holandia, Hollandia, Голландия, Голландія, "
    "Холандия, Холандија, Ολλανδία, Hollanda, Nederland, 荷兰, 荷蘭",
    "PF": "Tahiti, Bora Bora",
    "PS": "Palestine, State of Palestine, Palestina, Palästina, Palestyna, Палестина, "
    "فلسطين, פלסטין",
    "PT": "POR, Azores, Açores, Madeira",
    "RU": "Russian Federation, РФ, Российская Федерация, Federación de Rusia, "
    "Russische Föderation, USSR",
    "SA": "KSA, Kingdom of Saudi Arabia, Saudi, السعودية, سعودية",
    "SH": "St Helena Ascension Tristan da Cunha, Ascension Island, Tristan da Cunha",
    "SK": "Slovak Republic, Slovak, Slovenská republika",
    "ST": "Sao Tome",
    "SX": "Sint Maarten Dutch part, St Maarten",
    "SY": "Syrian Arab Republic",
    "SZ": "Swaziland, Swasiland, Suazilandia, Swazilandia, Suazilândia, Свазиленд",
    "TC": "Turks Caicos",
    "TH": "Siam, ประเทศไทย",
    "TL": "East Timor, Timor Oriental, Timor, Osttimor, Timor Est",
    "TR": "Turkey, Turkiye, Türkei, Turquia, Republic of Türkiye, Türkiye Cumhuriyeti",
    "TT": "Trinidad, Tobago",
    # The Republic of China, which its own name would make CN.
    "TW": "Republic of China, République de Chine, República de China, ROC, "
    "Taiwan Province of China, Chinese Taipei, Formosa, "
    "台湾, 臺灣, 中華民國",
    "TZ": "Zanzibar, Tanzania United Republic of",
    "US": "USA, U.S.A., U.S., United States of America, The States, America, Amerika, Amérique, "
    "América, Estados Unidos, Estados Unidos de América, EEUU, EE.UU., EUA, E.U.A., EUAA, "
    "Estados Unidos da América, États-Unis d'Amérique, Etats Unis, Vereinigte Staaten von "
    "Amerika, Stati Uniti d'America, Verenigde Staten van Amerika, Stany Zjednoczone Ameryki, "
    "Ameryka, ABD, Amerika Birleşik Devletleri, США, Америка, Соединённые Штаты Америки, "
    "Сполучені Штати Америки, САЩ, САД, ΗΠΑ, Αμερική, ארהב, ארצות הברית של אמריקה, אמריקה, "
    "أمريكا, الولايات المتحدة الأمريكية, امریکا, アメリカ, 米国, 美利坚合众国, 미합중국, สหรัฐ, "
    "Hoa Kỳ, Spojené státy americké",
    "VA": "Vatican, Holy See, Vaticano, Vatikan, Holy See (Vatican City State), Santa Sede",
    "VC": "St Vincent",
    "VE": "Venezuela (Bolivarian Republic of)",
    "VG": "Virgin Islands British, British Virgin Islands, BVI",
    "VI": "Virgin Islands U.S., Virgin Islands US, USVI, US Virgin Islands, Virgin Islands",
    "VN": "Vietnam, Viet Nam, Viêt Nam, 越南, 베트남, ベトナム",
    # Not ISO 3166-1 but user-assigned: what the CLDR, the EU and phone numbers all call Kosovo.
    "XK": "Kosovo, Kosova",
    "ZA": "RSA, South African Republic, S. Africa",
    "ZW": "Rhodesia",
}

# Names that mean another country with an addition ("Korea, North"): never taken from a part.
NEEDS_WHOLE: Final = frozenset(
    {"korea", "corea", "coree", "coreia", "congo", "kongo", "virginislands", "timor", "guinea"},
)
