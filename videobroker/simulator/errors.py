"""How Telnyx says no: one exception, and the three shapes its answers take on the wire."""

from typing import Any, Literal, get_args

Shape = Literal["errors", "bare", "message"]
SHAPES: tuple[str, ...] = get_args(Shape)

NOT_FOUND = "10005"
BAD_ID = "10006"
AUTHENTICATION_FAILED = "10009"
NOT_AUTHORISED = "10010"
TOO_MANY_REQUESTS = "10011"
DUPLICATE = "10012"
BAD_REQUEST = "10015"
INVALID_JSON = "10023"
UNPROCESSABLE = "10027"
BAD_FILTER = "10031"
OUT_OF_RANGE = "10033"
KEY_REVOKED = "20002"
BAD_ROOM_ID = "65001"

TITLES = {
    NOT_FOUND: "Resource not found",
    BAD_ID: "Invalid id",
    AUTHENTICATION_FAILED: "Authentication failed",
    NOT_AUTHORISED: "Not authorised",
    TOO_MANY_REQUESTS: "Too many requests",
    DUPLICATE: "Already taken",
    BAD_REQUEST: "Bad request",
    INVALID_JSON: "Invalid JSON",
    UNPROCESSABLE: "Unprocessable",
    BAD_FILTER: "Invalid filter",
    OUT_OF_RANGE: "Out of range",
    KEY_REVOKED: "API key revoked",
    BAD_ROOM_ID: "Invalid room id",
}


def error_body(shape: str, code: str, detail: str, source: dict[str, str] | None = None) -> dict[str, Any]:
    """The JSON object of an error in one of the shapes; `message` has room for neither code nor source."""
    if shape == "message":
        return {"success": False, "message": detail}
    error: dict[str, Any] = {"code": code, "title": TITLES.get(code, "Error"), "detail": detail}
    if shape == "bare":
        return error
    if source:
        error["source"] = source
    return {"errors": [error]}


class Refusal(Exception):
    """A call that is answered with an error. Nothing it would have done is done."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        pointer: str | None = None,
        parameter: str | None = None,
        shape: Shape = "errors",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """`pointer` is a JSON pointer into the body, `parameter` the name of a query parameter."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.shape = shape
        self.headers = headers
        self._source = {"pointer": pointer} if pointer is not None else {}
        if parameter is not None:
            self._source["parameter"] = parameter

    def body(self) -> dict[str, Any]:
        """The JSON object that says it."""
        return error_body(self.shape, self.code, self.detail, self._source)


def not_found(what: str, shape: Shape) -> Refusal:
    """The same words for what never was, what is gone, and what belongs to another account."""
    return Refusal(404, NOT_FOUND, f"There is no such {what} in this account.", shape=shape)
