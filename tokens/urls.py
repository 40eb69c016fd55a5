"""Paths of tokens and grants."""

from django.urls import path

from tokens.views.access import AccessView
from tokens.views.grants import GrantsView, OneGrantView
from tokens.views.joining import JoinPage
from tokens.views.keys import jwks
from tokens.views.minting import MintView, RefreshView
from tokens.views.revoking import RevokeView

ACTIONS = "v2/rooms/<uuid:room_id>/actions"

urlpatterns = [
    path(f"{ACTIONS}/generate_join_client_token", MintView.as_view()),
    path(f"{ACTIONS}/refresh_client_token", RefreshView.as_view()),
    path(f"{ACTIONS}/revoke_client_token", RevokeView.as_view()),
    path("v2/rooms/<uuid:room_id>/access", AccessView.as_view()),
    path("v2/grants", GrantsView.as_view()),
    path("v2/grants/<uuid:grant_id>", OneGrantView.as_view()),
    path(".well-known/jwks.json", jwks),
    path("join/<uuid:room_id>", JoinPage.as_view(), name="join"),
]
