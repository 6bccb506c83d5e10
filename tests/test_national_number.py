"""National numbers are found in any usual spelling and masked to the last digit (law 6).

Every number here has the right check digits and belongs to nobody: the birth is in 2099, or the day's counter is
999, which is never given out.
"""

from __future__ import annotations

import re
from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.contracts import Contract, contracts
from schemas.examples import bad_examples
from schemas.national_number import holds_national_number, is_national_number, mask, mask_bytes
from sinks.clickhouse.database import Database
from tests.intake_samples import batch, encoded, intake_to, rows_that_tell, sample

FUTURE = "99010100147"
OF_THE_1900S = "85073099932"
BIS_SEX_KNOWN = "99411500302"
BIS_SEX_UNKNOWN = "99271500497"
BIRTHDAY_UNKNOWN = "99000000566"
NUMBERS = [FUTURE, OF_THE_1900S, BIS_SEX_KNOWN, BIS_SEX_UNKNOWN, BIRTHDAY_UNKNOWN]

SPELLINGS = {
    "plain": "{0}{1}{2}{3}{4}",
    "as on a card": "{0}.{1}.{2}-{3}.{4}",
    "dashes": "{0}-{1}-{2}-{3}-{4}",
    "spaces": "{0} {1} {2} {3} {4}",
    "slashes": "{0}/{1}/{2} {3}/{4}",
    "date and counter": "{0}{1}{2}-{3}{4}",
    "date, counter, check": "{0}{1}{2} {3}-{4}",
    "date and rest": "{0}{1}{2}.{3}{4}",
}
OTHER_SPELLINGS = {
    "underscores": "{0}_{1}_{2}-{3}_{4}",
    "a dash between spaces": "{0}.{1}.{2} - {3}.{4}",
    "two dashes": "{0}.{1}.{2}--{3}.{4}",
    "an en dash": "{0}.{1}.{2}–{3}.{4}",
    "narrow spaces": "{0}\u202f{1}\u202f{2}\u202f{3}\u202f{4}",
    "commas": "{0},{1},{2},{3},{4}",
}


def parts(digits: str) -> tuple[str, ...]:
    return digits[:2], digits[2:4], digits[4:6], digits[6:9], digits[9:]


@st.composite
def number_like(draw: st.DrawFn) -> str:
    """Eleven digits, often with a possible date and right or nearly right check digits, in some spelling."""
    year, month, day = draw(st.integers(0, 99)), draw(st.integers(0, 62)), draw(st.integers(0, 33))
    nine = f"{year:02}{month:02}{day:02}{draw(st.integers(0, 999)):03}"
    check = 97 - int(draw(st.sampled_from(["", "2"])) + nine) % 97 + draw(st.sampled_from([0, 0, 0, 1, -1]))
    gap = st.sampled_from(["", "", "", "-", ".", " ", "/", "_", "--", "\u00a0", "–"])
    gaps = [draw(gap) for _ in range(4)]
    spelt = "".join(map("".join, zip_longest(parts(f"{nine}{check % 100:02}"), gaps, fillvalue="")))
    around = st.sampled_from(["", "", "a", "0", "7", "-", "x1", "é"])
    return draw(around) + spelt + draw(around)


def is_one_in_plain_words(digits: str) -> bool:
    """The oracle: births up to 1999 divide the nine digits, later ones the nine behind a 2."""
    month = int(digits[2:4])
    base_month = month - 40 if month >= 40 else month - 20 if month >= 20 else month
    date_is_possible = base_month in range(13) and int(digits[4:6]) in range(32)
    remainders = (int(digits[:9]) % 97, (2_000_000_000 + int(digits[:9])) % 97)
    return date_is_possible and any(97 - remainder == int(digits[9:]) for remainder in remainders)


def is_ascii_letter(character: str) -> bool:
    return "a" <= character.lower() <= "z" and character.isascii()


def numbers_in_plain_words(text: str) -> list[range]:
    """The oracle: the places of numbers in `text`, up to three separators between parts, no further digit around."""
    found = []
    for start in range(len(text)):
        if text[start] not in "0123456789" or (start and text[start - 1] in "0123456789"):
            continue
        digits, place, between = "", start, 0
        while place < len(text) and len(digits) < 11:
            if text[place] in "0123456789":
                digits += text[place]
                between = 0
            elif len(digits) in (2, 4, 6, 9) and between < 3 and not is_ascii_letter(text[place]):
                between += 1
            else:
                break
            place += 1
        followed = place < len(text) and text[place] in "0123456789"
        if len(digits) == 11 and not followed and is_one_in_plain_words(digits):
            found.append(range(start, place))
    return found


@pytest.mark.parametrize("digits", NUMBERS)
def test_numbers_of_every_kind_are_numbers(digits: str) -> None:
    assert is_national_number(digits)


@given(st.text("0123456789", min_size=11, max_size=11))
def test_eleven_digits_are_judged_as_in_the_law(digits: str) -> None:
    assert is_national_number(digits) == is_one_in_plain_words(digits)


def test_two_of_a_hundred_check_digits_are_right() -> None:
    right = [check for check in range(100) if is_national_number(f"{FUTURE[:9]}{check:02}")]
    assert right == sorted({97 - int(FUTURE[:9]) % 97, 97 - int("2" + FUTURE[:9]) % 97})
    assert len(right) == 2


@pytest.mark.parametrize("month", range(100))
def test_months_are_those_of_a_year_and_of_bis_numbers(month: int) -> None:
    nine = f"99{month:02}15001"
    digits = f"{nine}{97 - int('2' + nine) % 97:02}"
    assert is_national_number(digits) == (month in {*range(13), *range(20, 33), *range(40, 53)})


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("digits", NUMBERS)
@pytest.mark.parametrize("around", ["{}", "nr {}.", "site-{}-b", "a{}b", "é{}é", "1234, {}", "\n{}\n"])
def test_a_number_is_found_and_masked_in_every_usual_spelling(
    spelling: str, digits: str, around: str
) -> None:
    text = around.format(SPELLINGS[spelling].format(*parts(digits)))
    assert holds_national_number(text)
    assert mask(text) == around.format(
        SPELLINGS[spelling].format(*("*" * len(part) for part in parts(digits)))
    )
    assert mask_bytes(text.encode()) == mask(text).encode()


@pytest.mark.parametrize("spelling", OTHER_SPELLINGS)
def test_a_number_is_found_in_unusual_spellings(spelling: str) -> None:
    text = OTHER_SPELLINGS[spelling].format(*parts(FUTURE))
    assert holds_national_number(text)
    assert not re.search(r"\d", mask(text))
    assert not re.search(rb"\d", mask_bytes(text.encode()))


@pytest.mark.parametrize(
    "text", ["", "0", "9901010014", "990101001470", "0" + FUTURE, "99010100148", "99.01.01-001"]
)
def test_what_is_no_number_is_left_alone(text: str) -> None:
    assert not holds_national_number(text)
    assert mask(text) == text


@given(
    st.lists(st.one_of(number_like(), st.text(max_size=5), st.sampled_from(NUMBERS)), max_size=4).map("".join)
)
def test_exactly_the_digits_of_numbers_are_masked(text: str) -> None:
    places = {place for found in numbers_in_plain_words(text) for place in found}
    assert holds_national_number(text) == bool(places)
    assert mask(text) == "".join(
        "*" if place in places and character in "0123456789" else character
        for place, character in enumerate(text)
    )
    assert not holds_national_number(mask(text))


@given(
    before=st.binary(max_size=20),
    spelt=st.sampled_from(list(SPELLINGS.values())),
    after=st.binary(max_size=20),
)
def test_no_bytes_around_a_number_hide_it(before: bytes, spelt: str, after: bytes) -> None:
    number = spelt.format(*parts(FUTURE)).encode()
    masked = mask_bytes(before + number + after)
    assert len(masked) == len(before + number + after)
    assert not any(48 <= byte <= 57 for byte in masked[len(before) : len(before + number)])
    assert mask_bytes(masked) == masked


def test_in_bytes_a_length_that_looks_like_a_digit_hides_nothing() -> None:
    # A text of 24 characters is written behind the byte 48, which reads as the digit 0.
    text = f"{FUTURE} and so on...".encode()
    assert mask_bytes(bytes([2 * len(text)]) + text) == b"0" + b"*" * 11 + b" and so on..."


# --- in the store ---


@pytest.mark.parametrize("contract", contracts().values(), ids=lambda contract: contract.name)
def test_a_national_number_is_nowhere_in_the_store(contract: Contract, database: Database) -> None:
    bad = [each for each in bad_examples() if each.contract is contract and each.reason == "national_number"]
    whole = [encoded(each.event, contract) for each in bad]
    longer = [value + b"\0" for value in whole]
    outcome = intake_to(database).take(
        batch([*whole, *longer, *(b"\x07" + value for value in whole)], contract)
    )
    assert [each.reason for each in sorted(outcome.refused, key=lambda each: each.offset)] == (
        ["national_number"] * len(bad) + ["overlong"] * len(bad) + ["wrong_magic"] * len(bad)
    )
    for each in bad:
        spelt = str(each.event[each.field])
        assert rows_that_tell(database, "") > 0
        assert (
            rows_that_tell(database, spelt)
            == rows_that_tell(database, "".join(filter(str.isdigit, spelt)))
            == 0
        )
    assert database.value("SELECT countIf(raw LIKE '%**%') FROM quarantine FINAL") == 3 * len(bad)


@pytest.mark.parametrize("agency", ["a" + FUTURE, f"a{FUTURE[:9]}-{FUTURE[9:]}"])
def test_no_agency_code_holds_a_national_number(agency: str, database: Database) -> None:
    intake_to(database).take(batch([encoded(sample(agency=agency)), b"\x01"], agency=agency.encode()))
    assert rows_that_tell(database, agency) == 0
