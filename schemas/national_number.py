"""Belgian national and bis numbers in text: found, so that they are refused, and masked (law 6).

Eleven digits `YYMMDD NNN CC`, often written `85.07.30-033.28`; CC = 97 - (the first nine modulo 97), with a
2 put in front of the nine for births from 2000 on. Bis numbers add 20 or 40 to the month. The month may be
00 where the date of birth is not fully known, or where the day's counter is exhausted.
"""

from __future__ import annotations

import re
import string

_BETWEEN = "[^0-9A-Za-z]{0,3}"
#: The eleven digits, with up to three characters that are neither digits nor letters between the parts; also what
#: the store matches with RE2.
SHAPE = _BETWEEN.join(["[0-9]{2}", "[0-9]{2}", "[0-9]{2}", "[0-9]{3}", "[0-9]{2}"])
_IN_TEXT = re.compile(f"(?<![0-9])(?=({SHAPE})(?![0-9]))")
# In raw bytes the length in front of a text may look like a digit, so no boundary is asked for.
_IN_BYTES = re.compile(f"(?=({SHAPE.replace('{0,3}', '{0,9}')}))".encode())
_DIGITS, _LETTERS = string.digits.encode(), string.ascii_letters.encode()
_DIGITS_TO_ZEROS = bytes.maketrans(_DIGITS, b"0" * 10)
_BETWEEN_BYTES = bytes(set(range(256)) - set(_DIGITS + _LETTERS))


def is_national_number(digits: str) -> bool:
    """True when the eleven `digits` have a possible date part and the right check digits."""
    month, day = int(digits[2:4]) % 20, int(digits[4:6])
    if month > 12 or int(digits[2:4]) >= 60 or day > 31:
        return False
    check = int(digits[9:])
    return any(97 - int(prefix + digits[:9]) % 97 == check for prefix in ("", "2"))


def holds_national_number(text: str) -> bool:
    """True when `text` has a national number in it, with or without its dots and dashes."""
    return any(is_national_number(_digits(found[1])) for found in _IN_TEXT.finditer(text))


def mask(text: str) -> str:
    """`text` with every digit of a national number replaced by `*`."""
    if not _may_hold_one(text.encode(errors="surrogatepass")):
        return text
    masked = list(text)
    for found in _IN_TEXT.finditer(text):
        if is_national_number(_digits(found[1])):
            for place in range(found.start(1), found.end(1)):
                masked[place] = "*" if masked[place] in "0123456789" else masked[place]
    return "".join(masked)


def mask_bytes(raw: bytes) -> bytes:
    """`raw` with every digit of a national number replaced by `*`; the length stays."""
    if not _may_hold_one(raw):
        return raw
    masked = bytearray(raw)
    for found in _IN_BYTES.finditer(raw):
        if is_national_number(_digits(found[1].decode("latin-1"))):
            for place in range(found.start(1), found.end(1)):
                masked[place] = 0x2A if 0x30 <= masked[place] <= 0x39 else masked[place]
    return bytes(masked)


def _may_hold_one(raw: bytes) -> bool:
    """Whether eleven digits stand together once all but digits and letters is left out: a look of no cost."""
    return b"0" * 11 in raw.translate(_DIGITS_TO_ZEROS, _BETWEEN_BYTES)


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")
