"""For load balancers and supervisors."""

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse


def livez(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served. Needs only the database: minting goes on without Redis, and Telnyx being away
    is answered to each caller, not by taking every replica out."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:  # InterfaceError too, which is no DatabaseError
        connection.close()
        return JsonResponse({"status": "unready", "because": "the database does not answer"}, status=503)
    return JsonResponse({"status": "ready"})
