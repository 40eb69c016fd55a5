"""Bodies that no client means well with, each with the refusal it gets from every endpoint that takes a body."""

import json
from typing import Final

BAD: Final = (400, "invalid_json")
DEEP: Final = (400, "too_deep")
NOT_AN_OBJECT: Final = (400, "not_an_object")
TEXT: Final = (422, "bad_text")
LARGE: Final = (413, "too_large")
UNKNOWN: Final = (422, "unknown_field")


def _nested(opening: str, closing: str, depth: int) -> bytes:
    return ('{"a": ' + opening * depth + closing * depth + "}").encode()


BODIES: Final[dict[str, tuple[bytes, tuple[int, str]]]] = {
    # Not JSON
    "half an object": (b"{", BAD),
    "an object and a half": (b"{}{", BAD),
    "two objects": (b"{} {}", BAD),
    "a trailing comma": (b'{"a": 1,}', BAD),
    "single quotes": (b"{'a': 1}", BAD),
    "a bare key": (b"{a: 1}", BAD),
    "a comment": (b'{"a": 1 /* one */}', BAD),
    "a raw newline in a text": (b'{"a": "\n"}', BAD),
    "a raw tab in a text": (b'{"a": "\t"}', BAD),
    "a raw NUL in a text": (b'{"a": "\x00"}', BAD),
    "a raw NUL between": (b'{"a":\x00 1}', BAD),
    "only NUL": (b"\x00", BAD),
    "a text that never ends": (b'{"a": "', BAD),
    "a backslash at the end": (b'{"a": "\\', BAD),
    "a wrong escape": (b'{"a": "\\x41"}', BAD),
    "half an escape": (b'{"a": "\\u12"}', BAD),
    "a leading zero": (b'{"a": 01}', BAD),
    "a plus sign": (b'{"a": +1}', BAD),
    "hexadecimal": (b'{"a": 0x1F}', BAD),
    "a point without digits": (b'{"a": 1.}', BAD),
    "words of Python": (b'{"a": None}', BAD),
    "words in capitals": (b'{"a": TRUE}', BAD),
    "undefined": (b'{"a": undefined}', BAD),
    "more closed than opened": (b'{"a": 1}}}}}', BAD),
    "brackets crossed": (b'{"a": [}]', BAD),
    "a form": (b"unique_name=a&max_participants=3", BAD),
    "XML": (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', BAD),
    "YAML": (b"a: !!python/object/apply:os.system [id]", BAD),
    "a pickle": (b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00}\x94.", BAD),
    "gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00", BAD),
    "a shell's question": (b"$(id)", BAD),
    # Not UTF-8
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}', BAD),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), BAD),
    "UTF-16 without a mark": ('{"a": 1}'.encode("utf-16-le"), BAD),
    "UTF-32": ('{"a": 1}'.encode("utf-32"), BAD),
    "Latin-1": ('{"a": "é"}'.encode("latin-1"), BAD),
    "half a character": (b'{"a": "\xe2\x82"}', BAD),
    "an overlong slash": (b'{"a": "\xc0\xaf"}', BAD),
    "an encoded surrogate": (b'{"a": "\xed\xa0\x80"}', BAD),
    "beyond Unicode": (b'{"a": "\xf4\x90\x80\x80"}', BAD),
    # Not numbers
    "NaN": (b'{"a": NaN}', BAD),
    "infinity": (b'{"a": Infinity}', BAD),
    "minus infinity": (b'{"a": -Infinity}', BAD),
    "2^53": (b'{"a": 9007199254740992}', BAD),
    "-2^53": (b'{"a": -9007199254740992}', BAD),
    "2^63": (b'{"a": 9223372036854775808}', BAD),
    "2^64 deep inside": (b'{"a": [{"b": 18446744073709551616}]}', BAD),
    "a thousand digits": (b'{"a": ' + b"9" * 1000 + b"}", BAD),
    "a hundred thousand digits": (b'{"a": ' + b"9" * 100_000 + b"}", BAD),
    "a huge exponent": (b'{"a": 1e400}', BAD),
    "a huge negative exponent": (b'{"a": -1E+999999}', BAD),
    # Doubled keys
    "a key twice": (b'{"a": 1, "a": 2}', BAD),
    "a key twice deep inside": (b'{"a": [{"b": {"c": 1, "c": 1}}]}', BAD),
    "a key twice, once escaped": (b'{"a": 1, "\\u0061": 2}', BAD),
    "an empty key twice": (b'{"": 1, "": 2}', BAD),
    "a surrogate key twice": (b'{"\\ud800": 1, "\\ud800": 2}', BAD),
    # Deep
    "33 arrays": (_nested("[", "]", 33), DEEP),
    "a thousand arrays": (_nested("[", "]", 1000), DEEP),
    "a hundred thousand arrays": (_nested("[", "]", 100_000), DEEP),
    "a hundred thousand arrays, unclosed": (b"[" * 100_000, DEEP),
    "forty thousand objects": (b'{"a":' * 40_000, DEEP),
    "deep behind a text with a quote": (b'{"a": "\\"", "b": ' + b"[" * 100 + b"]" * 100 + b"}", DEEP),
    # Not an object
    "an array": (b"[]", NOT_AN_OBJECT),
    "an array of objects": (b'[{"unique_name": "a"}]', NOT_AN_OBJECT),
    "a text": (b'"unique_name"', NOT_AN_OBJECT),
    "a number": (b"1", NOT_AN_OBJECT),
    "null": (b"null", NOT_AN_OBJECT),
    "true": (b"true", NOT_AN_OBJECT),
    # Texts that no database takes
    "NUL": (b'{"a": "\\u0000"}', TEXT),
    "NUL in a key": (b'{"\\u0000": 1}', TEXT),
    "NUL deep inside": (b'{"a": [1, {"b": ["x\\u0000"]}]}', TEXT),
    "a lone surrogate": (b'{"a": "\\ud800"}', TEXT),
    "a lone low surrogate": (b'{"a": "\\udfff"}', TEXT),
    "surrogates the wrong way round": (b'{"a": "\\udc00\\ud800"}', TEXT),
    "a surrogate in a key": (b'{"\\udbff": {}}', TEXT),
    # Large
    "a byte more than 256 KB": (b'{"a": "' + b"a" * (256 * 1024 - 8) + b'"}', LARGE),
    "a megabyte of spaces": (b" " * 1_000_000, LARGE),
    "a megabyte of brackets": (b"[" * 1_000_000, LARGE),
    # Bodies that take long to read if read carelessly
    "quotes escaped without end": (b'"' + b'\\"' * 131_000, BAD),
    "backslashes without end": (b'{"a": "' + b"\\" * 260_000, BAD),
    "quotes without end": (b'"' * 262_000, BAD),
    # Well-formed, and not asked for
    "an unknown field": (b'{"colour": "blue"}', UNKNOWN),
    "an empty name": (b'{"": 1}', UNKNOWN),
    "a prototype": (b'{"__proto__": {"is_admin": true}}', UNKNOWN),
    "a dunder": (b'{"__class__": "Room"}', UNKNOWN),
    "a name with a pointer's characters": (b'{"a/b~c": 1}', UNKNOWN),
    "a name with a line break": (b'{"a\\r\\nSet-Cookie: x": 1}', UNKNOWN),
    "a name that reads backwards": ('{"\u202eeman": 1}'.encode(), UNKNOWN),
    "a known name in capitals": (b'{"IDENTITY": "bo"}', UNKNOWN),
    "a known name with a space": (b'{"identity ": "bo"}', UNKNOWN),
    "a lookup": (b'{"tenant__slug": "globex"}', UNKNOWN),
    "SQL as a name": (b'{"id\\"; DROP TABLE rooms_room; --": 1}', UNKNOWN),
    "thirty levels": (_nested("[", "]", 31), UNKNOWN),
    "a name of 200 KB": (json.dumps({"a" * 200_000: 1}).encode(), UNKNOWN),
}
