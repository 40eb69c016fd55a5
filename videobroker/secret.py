"""A value that must never be shown."""

from typing import Final


class Secret:
    """Holds a secret text so that no log, error, traceback or template shows it by accident.

    Only `reveal()` gives the text, so every place that handles it in the clear can be found by searching
    for that word. It prints as `***` and refuses to be pickled or to be turned into JSON.
    """

    __slots__ = ("_text",)
    MASK: Final = "***"

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself, to be used at once and kept nowhere."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({self.MASK})"

    def __str__(self) -> str:
        return self.MASK

    def __format__(self, spec: str) -> str:
        return self.MASK

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not to be pickled; pass on the id of the row that holds it")
