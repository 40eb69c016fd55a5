"""Bodies of a length that is not told."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from videobroker.api.errors import answer, length_required


class LengthRequiredMiddleware:
    """Refuses a body that comes in chunks, without a Content-Length (411, RFC 9110, section 15.5.12). WSGI does not say
    where such a body ends, so Django takes it for none, and an order would be carried out without what it says."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
            return answer(request, length_required())
        return self.get_response(request)
