"""Made-up indicators, agencies and alerts, of every kind that the board must show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bewithu.board import AgencyInfo, AlertInfo, IndicatorInfo, Refusal
from schemas.areas import Level, areas_of_level

NOW = datetime(2025, 11, 24, 21, 5, 30, tzinfo=UTC)  # 22:05 in Brussels


@dataclass(frozen=True, slots=True)
class Shape:
    """How a made-up indicator behaves: `size` in Belgium; `drift` a day; `wave`: height of the weekly wave."""

    info: IndicatorInfo
    size: float
    drift: float
    wave: float


def _info(
    id_: str, unit: str, kind: str, publishers: str, names: str, text: str, **more: object
) -> IndicatorInfo:
    languages = ("nl", "fr", "de", "en")
    return IndicatorInfo(
        id=id_,
        names=dict(zip(languages, names.split("|"), strict=True)),
        explanations=dict(zip(languages, text.split("|"), strict=True)),
        unit=unit,
        kind=kind,
        publishers=tuple(publishers.split()),
        minimum_cell=5,
        delay_days=3,
        **more,  # type: ignore[arg-type]
    )


SHAPES = (
    Shape(
        _info(
            "registered_persons",
            "persons",
            "stock",
            "mun rn",
            "Ingeschreven ontheemden|Personnes déplacées inscrites"
            "|Eingetragene Vertriebene|Registered displaced people",
            "Personen met tijdelijke bescherming die in een gemeente zijn ingeschreven."
            "|Personnes sous protection temporaire inscrites dans une commune."
            "|Personen mit vorübergehendem Schutz, die in einer Gemeinde eingetragen sind."
            "|People with temporary protection who are registered in a municipality.",
            headline=True,
        ),
        66_340,
        14.2,
        0.0004,
    ),
    Shape(
        _info(
            "certificates_7d",
            "certificates",
            "flow",
            "dvz",
            "Attesten, laatste 7 dagen|Attestations, 7 derniers jours"
            "|Bescheinigungen, letzte 7 Tage|Certificates, last 7 days",
            "Attesten van tijdelijke bescherming, afgeleverd in zeven dagen."
            "|Attestations de protection temporaire délivrées en sept jours."
            "|Bescheinigungen über vorübergehenden Schutz, ausgestellt in sieben Tagen."
            "|Certificates of temporary protection issued in seven days.",
            headline=True,
        ),
        176,
        -0.6,
        0.14,
    ),
    Shape(
        _info(
            "living_wage_recipients",
            "persons",
            "stock",
            "cpas podmi",
            "Begunstigden van een equivalent leefloon"
            "|Bénéficiaires d’un équivalent du revenu d’intégration"
            "|Empfänger eines dem Eingliederungseinkommen gleichgestellten Betrags"
            "|Recipients of the equivalent living wage",
            "Personen met een lopend equivalent leefloon van een OCMW."
            "|Personnes percevant un équivalent du revenu d’intégration d’un CPAS."
            "|Personen, die von einem ÖSHZ einen gleichgestellten Betrag erhalten."
            "|People who currently receive the equivalent living wage from a CPAS/OCMW.",
            headline=True,
        ),
        31_870,
        -9.5,
        0.0008,
    ),
    Shape(
        _info(
            "housing_gap_14d",
            "persons",
            "gap",
            "fedasil mun",
            "Langer dan 14 dagen zonder woning|Sans logement depuis plus de 14 jours"
            "|Länger als 14 Tage ohne Wohnung|Without housing for more than 14 days",
            "Personen die opvang vroegen en na 14 dagen nog nergens introkken."
            "|Personnes ayant demandé un hébergement et sans logement après 14 jours."
            "|Personen, die Unterkunft brauchten und nach 14 Tagen noch keine bezogen haben."
            "|People who declared a need for housing and have not moved in anywhere after 14 days.",
            headline=True,
        ),
        412,
        1.3,
        0.03,
    ),
    Shape(
        _info(
            "days_to_card",
            "days",
            "duration",
            "dvz mun",
            "Wachttijd op een A-kaart (mediaan)|Attente d’une carte A (médiane)"
            "|Wartezeit auf eine A-Karte (Median)|Waiting time for an A card (median)",
            "Van het attest tot de afgifte van de A-kaart.|De l’attestation à la remise de la carte A."
            "|Von der Bescheinigung bis zur Aushändigung der A-Karte."
            "|From the certificate to the handing over of the A card.",
            headline=True,
            decimals=1,
        ),
        34.5,
        0.02,
        0.01,
    ),
    Shape(
        _info(
            "renewal_share",
            "%",
            "ratio",
            "mun",
            "Verlengde A-kaarten|Cartes A prolongées|Verlängerte A-Karten|Renewed A cards",
            "Aandeel van de vervallende A-kaarten dat is verlengd."
            "|Part des cartes A arrivant à échéance qui ont été prolongées."
            "|Anteil der ablaufenden A-Karten, der verlängert wurde."
            "|Share of the expiring A cards that were renewed.",
            headline=True,
            decimals=1,
            percent=True,
        ),
        0.674,
        0.0004,
        0.004,
    ),
    Shape(
        _info(
            "aid_paid_30d",
            "EUR",
            "sum",
            "cpas",
            "Uitbetaalde steun, 30 dagen|Aide versée, 30 jours|Ausgezahlte Hilfe, 30 Tage|Aid paid, 30 days",
            "Som van het equivalent leefloon.|Somme de l’équivalent du revenu d’intégration."
            "|Summe der gleichgestellten Beträge.|Sum of the equivalent living wage.",
        ),
        29_412_000,
        800,
        0.001,
    ),
    Shape(
        _info(
            "net_movement_7d",
            "persons",
            "change",
            "mun",
            "Netto verschuiving, 7 dagen|Mouvement net, 7 jours|Nettobewegung, 7 Tage|Net movement, 7 days",
            "Inschrijvingen min schrappingen.|Inscriptions moins radiations.|Eintragungen minus Streichungen."
            "|Registrations less people struck off.",
        ),
        -38,
        0.1,
        0.2,
    ),
)

NATIONAL = (
    AgencyInfo("dvz", NOW - timedelta(minutes=4), NOW - timedelta(minutes=3), 101_422, 12,
               {"bad_format": 9, "in_future": 3}, timedelta(hours=4)),
    AgencyInfo("fedasil", NOW - timedelta(hours=51), NOW - timedelta(hours=50), 38_207, 0, {}, timedelta(days=1)),
    AgencyInfo("podmi", NOW - timedelta(days=9), NOW - timedelta(days=9), 212_940, 41,
               {"unknown_municipality": 38, "national_number": 2, "brand_new_reason": 1}),
    AgencyInfo("oe-test", None, None, 0, 0),
    AgencyInfo("", NOW - timedelta(days=1), NOW - timedelta(days=1), 0, 7, {"undecodable": 6, "wrong_magic": 1}),
)  # fmt: skip

LOCAL = tuple(
    AgencyInfo(
        f"{sort}-{place.code}",
        NOW - timedelta(minutes=7 * (index % 900) + 5),
        NOW - timedelta(minutes=7 * (index % 900)),
        place.population // 90,
        (index % 7 == 3 and index % 40) or 0,
        {"missing": index % 40} if index % 7 == 3 and index % 40 else {},
        timedelta(days=4),
    )
    for sort in ("cpas", "mun")
    for index, place in enumerate(areas_of_level(Level.MUNICIPALITY))
)


def alert(
    number: int, area: str, severity: str, text: str, *, indicator: str = "housing_gap_14d"
) -> AlertInfo:
    """`text` holds the summary in nl, fr, de and en."""
    return AlertInfo(
        id=f"{number:032x}",
        rule="housing_gap_high",
        indicator=indicator,
        area=area,
        severity=severity,
        state="pending" if severity == "info" else "firing",
        since=NOW - timedelta(hours=31 * number),
        value=17.0 * number,
        threshold=15.0,
        summaries=dict(zip(("nl", "fr", "de", "en"), text.split("|"), strict=True)),
        fingerprint=f"{number:016x}",
        day=(NOW - timedelta(hours=31 * number)).date(),
    )


ALERTS = (
    alert(3, "44021", "critical",
          "Meer dan 50 personen in Gent wachten langer dan 14 dagen op een woning."
          "|Plus de 50 personnes à Gand attendent un logement depuis plus de 14 jours."
          "|Mehr als 50 Personen in Gent warten länger als 14 Tage auf eine Wohnung."
          "|More than 50 people in Ghent have waited for housing for over 14 days."),
    alert(2, "62063", "warning",
          "De wachttijd op een A-kaart in Luik is met een kwart gestegen."
          "|L’attente d’une carte A à Liège a augmenté d’un quart."
          "|Die Wartezeit auf eine A-Karte in Lüttich ist um ein Viertel gestiegen."
          "|The waiting time for an A card in Liège has risen by a quarter.", indicator="days_to_card"),
    alert(1, "04000", "info",
          "Minder attesten dan verwacht in Brussel.|Moins d’attestations que prévu à Bruxelles."
          "|Weniger Bescheinigungen als erwartet in Brüssel.|Fewer certificates than expected in Brussels.",
          indicator="certificates_7d"),
)  # fmt: skip

REFUSALS = tuple(
    Refusal(
        "bewithu.registration.v1",
        offset % 4,
        90_000 + offset,
        agency,
        reason,
        detail,
        NOW - timedelta(hours=offset),
    )
    for offset, (agency, reason, detail) in enumerate(
        (
            ("podmi", "unknown_municipality", "municipality is 99999: unknown_municipality"),
            ("dvz", "bad_format", "person is ***: bad_format"),
            ("", "undecodable", "EOFError"),
        )
    )
)
