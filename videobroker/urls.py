"""Every path of videobroker."""

from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerSplitView

from videobroker.admin.site import console
from videobroker.api import health
from videobroker.api.metrics import metrics
from videobroker.api.schema_page import openapi

handler400 = "videobroker.api.errors.on_bad_request"
handler403 = "videobroker.api.errors.on_permission_denied"
handler404 = "videobroker.api.errors.on_not_found"
handler500 = "videobroker.api.errors.on_server_error"

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", metrics),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", console.urls),
    path("v2/schema", openapi, name="schema"),
    path("v2/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("", include("tokens.urls")),
    path("", include("rooms.urls")),
]
