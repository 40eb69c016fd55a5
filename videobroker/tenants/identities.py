"""How a person's identity may be written."""

import unicodedata
from typing import Final

from django.core.exceptions import ValidationError

MAX_IDENTITY_CHARS: Final = 255
# How the pseudonyms of erased people begin (`pseudonyms`); nobody can sign in as one.
ERASED: Final = "erased:"
# Control, format (zero-width, bidirectional), surrogate, private use, unassigned; line and paragraph separators.
UNFIT_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def unfit_character(text: str) -> str | None:
    """The first character that has no business in a name, or None."""
    return next((char for char in text if unicodedata.category(char) in UNFIT_CATEGORIES), None)


def validate_identity(value: str) -> None:
    """Refuse an identity that is empty, too long, padded, not NFC, or has invisible characters: two spellings of
    one person must not be two persons, and no person may look like another."""
    if not 0 < len(value) <= MAX_IDENTITY_CHARS:
        raise ValidationError(f"an identity has 1 to {MAX_IDENTITY_CHARS} characters")
    if value != value.strip():
        raise ValidationError("an identity neither begins nor ends with a space")
    if value.startswith(ERASED):
        raise ValidationError(f"an identity does not begin with {ERASED!r}, which stands for erased people")
    if (unfit := unfit_character(value)) is not None:
        raise ValidationError(
            f"an identity has no invisible or control characters (found U+{ord(unfit):04X})"
        )
    if not unicodedata.is_normalized("NFC", value):
        raise ValidationError("an identity is written in Unicode's NFC form")


def clean_display_name(value: str) -> str:
    """A name fit to be shown to others: NFC, without invisible characters, at most 100 characters."""
    kept = "".join(char for char in value if unicodedata.category(char) not in UNFIT_CATEGORIES)
    return unicodedata.normalize("NFC", kept).strip()[:100]
