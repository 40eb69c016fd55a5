"""Paths of rooms and what belongs to them."""

from django.urls import path

from rooms.views.audit import AuditEntriesView, AuditExportView
from rooms.views.bans import BansView, OneBanView, RoomBansView
from rooms.views.compositions import CompositionDownloadView, CompositionsView, OneCompositionView
from rooms.views.deletions import DeletionsView, OneDeletionView
from rooms.views.deliveries import DeliveriesView, OneDeliveryView, ReplayView, WebhookTestView, webhook_keys
from rooms.views.erasures import ErasuresView, OneErasureView
from rooms.views.holds import HoldsView, OneHoldView
from rooms.views.members import MembersView, OneMemberView
from rooms.views.moderation import EndView, KickView, MuteView, UnmuteView
from rooms.views.operations import OneOperationView, OperationsView
from rooms.views.participants import OneParticipantView, ParticipantsOfSessionView, ParticipantsView
from rooms.views.personal_data import PersonalDataView
from rooms.views.recordings import OneRecordingView, RecordingDownloadView, RecordingsView
from rooms.views.rooms import OneRoomView, RoomsView, SealView
from rooms.views.sessions import OneSessionView, SessionsOfRoomView, SessionsView
from rooms.views.webhooks import telnyx_webhook

SESSION = "v2/room_sessions/<uuid:session_id>"

urlpatterns = [
    path("webhooks/telnyx/<uuid:account_id>", telnyx_webhook),
    path("webhooks/telnyx/<uuid:account_id>/failover", telnyx_webhook),
    path("v2/rooms", RoomsView.as_view()),
    path("v2/rooms/<uuid:room_id>", OneRoomView.as_view()),
    path("v2/rooms/<uuid:room_id>/members", MembersView.as_view()),
    path("v2/rooms/<uuid:room_id>/members/<uuid:member_id>", OneMemberView.as_view()),
    path("v2/rooms/<uuid:room_id>/bans", RoomBansView.as_view()),
    path("v2/rooms/<uuid:room_id>/actions/seal", SealView.as_view()),
    path("v2/rooms/<uuid:room_id>/sessions", SessionsOfRoomView.as_view()),
    path("v2/room_sessions", SessionsView.as_view()),
    path(SESSION, OneSessionView.as_view()),
    path(f"{SESSION}/participants", ParticipantsOfSessionView.as_view()),
    path(f"{SESSION}/actions/kick", KickView.as_view()),
    path(f"{SESSION}/actions/mute", MuteView.as_view()),
    path(f"{SESSION}/actions/unmute", UnmuteView.as_view()),
    path(f"{SESSION}/actions/end", EndView.as_view()),
    path("v2/room_participants", ParticipantsView.as_view()),
    path("v2/room_participants/<uuid:participant_id>", OneParticipantView.as_view()),
    path("v2/room_recordings", RecordingsView.as_view()),
    path("v2/room_recordings/<uuid:recording_id>", OneRecordingView.as_view()),
    path("v2/room_recordings/<uuid:recording_id>/download", RecordingDownloadView.as_view()),
    path("v2/room_compositions", CompositionsView.as_view()),
    path("v2/room_compositions/<uuid:composition_id>", OneCompositionView.as_view()),
    path("v2/room_compositions/<uuid:composition_id>/download", CompositionDownloadView.as_view()),
    path("v2/bans", BansView.as_view()),
    path("v2/bans/<uuid:ban_id>", OneBanView.as_view()),
    path("v2/holds", HoldsView.as_view()),
    path("v2/holds/<uuid:hold_id>", OneHoldView.as_view()),
    path("v2/deletions", DeletionsView.as_view()),
    path("v2/deletions/<uuid:deletion_id>", OneDeletionView.as_view()),
    path("v2/erasures", ErasuresView.as_view()),
    path("v2/erasures/<uuid:erasure_id>", OneErasureView.as_view()),
    path("v2/personal_data", PersonalDataView.as_view()),
    path("v2/audit_entries", AuditEntriesView.as_view()),
    path("v2/audit_entries/export", AuditExportView.as_view()),
    path("v2/rooms/<uuid:room_id>/actions/test_webhook", WebhookTestView.as_view()),
    path("v2/webhook_deliveries", DeliveriesView.as_view()),
    path("v2/webhook_deliveries/actions/replay", ReplayView.as_view()),
    path("v2/webhook_deliveries/<uuid:delivery_id>", OneDeliveryView.as_view()),
    path("v2/webhook_keys", webhook_keys),
    path("v2/operations", OperationsView.as_view()),
    path("v2/operations/<uuid:operation_id>", OneOperationView.as_view()),
]
