"""What went wrong, for rules to notice: one incident of 2022 as published, and scenarios that we added.

Published: the transit centre Ariane (1,500 places) was meant for a few days; 1,070 persons on 18 July 2022, 900 on
3 August, a mean stay of 72 days in November 2022, up to about six months. Sources: background notes to the
National Crisis Centre's, Fedasil's and the regional press's figures; between them we interpolate.
"""

from __future__ import annotations

from datetime import date

from bewithu.simulator.moments import day_number

#: Share of households that ask for shelter. Published: 35 % early March 2022, 20 % late March, under 25 %
#: April, 33 % mid-May, 25 % July, 25 % overall. The rise of autumn 2022 is ours: the press counted about 40 a
#: day unhoused.
_NEED = {
    **{"2022-03": 0.25, "2022-04": 0.24, "2022-05": 0.33, "2022-06": 0.29, "2022-07": 0.25, "2022-08": 0.26},
    **{"2022-09": 0.40, "2022-10": 0.45, "2022-11": 0.45, "2022-12": 0.33},
}
_NEED_OTHERWISE = 0.25

#: Mean stay in emergency housing, days, by the month of arrival in it.
_STAY = {
    **{"2022-03": 3.0, "2022-04": 3.0, "2022-05": 8.0, "2022-06": 25.0, "2022-07": 32.0, "2022-08": 32.0},
    **{"2022-09": 60.0, "2022-10": 72.0, "2022-11": 72.0, "2022-12": 40.0, "2023-01": 25.0},
}
_STAY_OTHERWISE = 14.0
LONGEST_STAY = 180.0

#: Share of emergency arrivals that Ariane takes; hotels take the others.
_ARIANE_CROWDED, _ARIANE_OTHERWISE = 0.8, 0.65
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

_SILENT = {(agency, nis): (day_number(first), day_number(back)) for agency, nis, first, back in SILENCES}


def need_share(month: str) -> float:
    """Share of the households arriving in `month` (2022-03) that ask for shelter."""
    return _NEED.get(month, _NEED_OTHERWISE)


def mean_stay(month: str) -> float:
    """Mean stay in days of those who come into emergency housing in `month`."""
    return _STAY.get(month, _STAY_OTHERWISE)


def ariane_share(month: str) -> float:
    """Share of those who come into emergency housing in `month` that Ariane takes."""
    return _ARIANE_CROWDED if month in _CROWDED else _ARIANE_OTHERWISE


def end_of_silence(agency: str, nis: str, moment: float) -> float | None:
    """When the agency's feed is back, if it is silent at `moment`."""
    silent = _SILENT.get((agency, nis)) or _SILENT.get((agency, ""))
    if silent and silent[0] <= moment < silent[1]:
        return float(silent[1])
    return None
