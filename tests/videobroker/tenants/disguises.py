"""A secret in all the clothes that it might be found in."""

import base64
import binascii
import json
from urllib.parse import quote, quote_plus


def disguises(secret: str) -> set[bytes]:
    """`secret` in the clear, in base64 at each of its three alignments, in hex, in a URL and in JSON."""
    raw = secret.encode()
    shown = {raw, binascii.hexlify(raw), binascii.hexlify(raw).upper()}
    shown |= {quote(secret, safe="").encode(), quote_plus(secret).encode(), json.dumps(secret)[1:-1].encode()}
    return shown | _in_base64(raw)


def _in_base64(raw: bytes) -> set[bytes]:
    """What is the same in every base64 text that holds `raw`, wherever it begins in it."""
    found = set()
    for before in range(3):
        padded = b"\0" * before + raw
        whole = padded[: len(padded) // 3 * 3]
        standard = base64.b64encode(whole)[4 if before else 0 :]
        found |= {standard, standard.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def shown_in(text: bytes, secrets: dict[str, str]) -> list[str]:
    """Names of the secrets that `text` gives away in any disguise."""
    return [name for name, secret in secrets.items() if any(each in text for each in disguises(secret))]
