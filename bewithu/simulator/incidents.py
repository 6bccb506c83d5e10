"""What went wrong, for rules to notice: one incident of 2022 as published, and scenarios that we added.

Published: the transit centre Ariane (1,500 places) was meant for a few days; it housed 1,070 persons on
18 July 2022 and 900 on 3 August; in November 2022 the mean stay was 72 days, up to about six months (Fedasil,
Nieuwsblad 18 July 2022, Het Belang van Limburg 17 November 2022). Between these figures we interpolate.
"""

from __future__ import annotations

from datetime import date

from bewithu.simulator.moments import day_number, milliseconds

#: Share of households that ask for shelter. Published: 35 % early March 2022, 20 % late March, under 25 %
#: April, 33 % mid-May, 25 % July, 25 % overall. The rise of autumn 2022 is ours: the press counted about 40 a
#: day unhoused.
_NEED = {
    "2022-03": 0.25,
    "2022-04": 0.24,
    "2022-05": 0.33,
    "2022-06": 0.29,
    "2022-09": 0.45,
    "2022-10": 0.55,
    "2022-11": 0.55,
    "2022-12": 0.33,
}
_NEED_OTHERWISE = 0.25

#: Mean stay in emergency housing, days, by the month of arrival in it.
_STAY = {
    "2022-03": 2.0,
    "2022-04": 3.0,
    "2022-05": 10.0,
    "2022-06": 32.0,
    "2022-07": 42.0,
    "2022-08": 42.0,
    "2022-09": 75.0,
    "2022-10": 90.0,
    "2022-11": 90.0,
    "2022-12": 50.0,
    "2023-01": 25.0,
}
_STAY_OTHERWISE = 14.0
LONGEST_STAY = 180.0

#: Share of emergency arrivals that Ariane takes; hotels take the others.
_ARIANE_CROWDED, _ARIANE_OTHERWISE = 0.85, 0.75
_CROWDED = ("2022-09", "2022-10", "2022-11")

#: Feeds that fall silent and then send everything at once: agency kind, municipality ("" for all), first day,
#: the day on which the feed is back. Ours, so that "no data" rules have something to fire on.
SILENCES = (
    ("cpas", "52011", date(2022, 11, 14), date(2022, 12, 5)),
    ("mun", "44021", date(2023, 5, 8), date(2023, 5, 23)),
    ("fedasil", "", date(2023, 8, 4), date(2023, 8, 8)),
)

#: Certificates of 2023 were first published as 15,343 and later as 15,626: these were recorded after the
#: year's end.
RESTATED_YEAR = 2023
RESTATED_SHARE = (15_626 - 15_343) / 15_626
RESTATED_ON = float(day_number(date(2024, 2, 12)))

# In milliseconds since 1970, as messages have them.
_SILENT = {
    (agency, nis): (milliseconds(day_number(first)), milliseconds(day_number(back)))
    for agency, nis, first, back in SILENCES
}


def need_share(month: str) -> float:
    """Share of the households arriving in `month` (2022-03) that ask for shelter."""
    return _NEED.get(month, _NEED_OTHERWISE)


def mean_stay(month: str) -> float:
    """Mean stay in days of those who come into emergency housing in `month`."""
    return _STAY.get(month, _STAY_OTHERWISE)


def ariane_share(month: str) -> float:
    """Share of those who come into emergency housing in `month` that Ariane takes."""
    return _ARIANE_CROWDED if month in _CROWDED else _ARIANE_OTHERWISE


def end_of_silence(agency: str, nis: str, published: int) -> int | None:
    """When the agency's feed is back, if it is silent then; both in milliseconds since 1970."""
    silent = _SILENT.get((agency, nis)) or _SILENT.get((agency, ""))
    return silent[1] if silent and silent[0] <= published < silent[1] else None
