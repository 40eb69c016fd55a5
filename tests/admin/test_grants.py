"""Grants, seen and revoked through the console."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rooms.models import Room
from tests.admin.filling import new_grant
from tests.admin.forms import act_path, change_path
from tests.asking import Json
from tests.cast import Company
from tokens.models import Grant
from videobroker.tenants.models import AuditEntry


@pytest.fixture
def minted(acme: Company, demo: Room) -> Json:
    return acme.person("bo").post(f"/v2/rooms/{demo.pk}/actions/generate_join_client_token").data


def test_a_revoked_grant_is_not_refreshed(ana: Client, acme: Company, demo: Room, minted: Json) -> None:
    grant = Grant.objects.get(pk=minted["grant_id"])
    assert "gets no new token" in ana.get(act_path("tokens_grant", grant, "revoke")).content.decode()
    ana.post(act_path("tokens_grant", grant, "revoke"))
    body = {"refresh_token": minted["refresh_token"]}
    refreshed = acme.person("bo").post(f"/v2/rooms/{demo.pk}/actions/refresh_client_token", body)
    assert refreshed.reason == "grant_revoked"
    entry = AuditEntry.objects.get(action="token.revoked")
    assert (entry.actor, entry.subject, entry.room_id) == ("ana", "bo", demo.pk)


def test_a_revoked_grant_has_no_button_any_more(ana: Client, demo: Room, minted: Json) -> None:
    grant = Grant.objects.get(pk=minted["grant_id"])
    ana.post(act_path("tokens_grant", grant, "revoke"))
    assert ana.get(change_path("tokens_grant", grant)).context["acts"] == []
    ana.post(act_path("tokens_grant", grant, "revoke"))
    assert AuditEntry.objects.filter(action="token.revoked").count() == 1


def test_a_grant_is_never_changed_by_hand(olga: Client, demo: Room, minted: Json) -> None:
    grant = Grant.objects.get(pk=minted["grant_id"])
    assert olga.post(change_path("tokens_grant", grant), {"identity": "cy"}).status_code == 403
    assert olga.get(reverse("admin:tokens_grant_add")).status_code == 403


def test_grants_are_filtered_by_where_they_stand(ana: Client, acme: Company, demo: Room) -> None:
    for word in ("open", "expired", "revoked"):
        new_grant(acme, demo, word)
    Grant.objects.filter(identity="expired").update(refresh_expires_at=timezone.now())
    Grant.objects.filter(identity="revoked").update(state=Grant.State.REVOKED)
    for word in ("open", "expired", "revoked"):
        shown = ana.get(reverse("admin:tokens_grant_changelist"), {"state": word}).context["cl"].result_list
        assert [grant.identity for grant in shown] == [word]
