"""The body of an answer, whole and decoded, up to a cap."""

import http.client
import zlib
from collections.abc import Iterator
from typing import Final

_PIECE_BYTES: Final = 16 * 1024
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


class BodyTooLarge(Exception):
    """The body, once decoded, is larger than the cap."""


class BodyUnreadable(Exception):
    """The body ends too early, or is in an encoding we do not read."""


def read_body(response: http.client.HTTPResponse, most_bytes: int) -> bytes:
    """The decoded body of `response`, at most `most_bytes` long.

    We ask for no encoding, yet some servers send gzip regardless; that is read, nothing else is. The cap
    holds while decoding, so a small body that unpacks into a large one never exists in memory.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    pieces = _pieces(response)
    if encoding in {"gzip", "x-gzip"}:
        return _unzipped(pieces, most_bytes)
    if encoding not in {"identity", ""}:
        raise BodyUnreadable("it is in an encoding that was not asked for")
    if response.length is not None and response.length > most_bytes:
        raise BodyTooLarge
    return _joined(pieces, most_bytes)


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while piece := response.read(_PIECE_BYTES):
        yield piece
    if response.length:
        raise BodyUnreadable("it ends before its announced length")


def _joined(pieces: Iterator[bytes], most_bytes: int) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > most_bytes:
            raise BodyTooLarge
    return bytes(body)


def _unzipped(pieces: Iterator[bytes], most_bytes: int) -> bytes:
    unzip = zlib.decompressobj(_GZIP_WINDOW)
    body = bytearray()
    piece = b""
    try:
        for piece in pieces:
            body += unzip.decompress(piece, most_bytes + 1 - len(body))
            if len(body) > most_bytes:
                raise BodyTooLarge
    except zlib.error as error:
        raise BodyUnreadable("it says it is gzip and is not") from error
    if not piece:
        # An answer to HEAD, a 204 or a 304 names the encoding of a body it does not have.
        return b""
    if not unzip.eof or unzip.unused_data:
        raise BodyUnreadable("its gzip data is cut off or followed by something else")
    return bytes(body)
