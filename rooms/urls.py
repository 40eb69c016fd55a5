"""Paths of rooms and what belongs to them."""

from django.urls import path

from rooms.views.bans import BansView, OneBanView, RoomBansView
from rooms.views.members import MembersView, OneMemberView
from rooms.views.operations import OneOperationView, OperationsView
from rooms.views.rooms import OneRoomView, RoomsView

urlpatterns = [
    path("v2/rooms", RoomsView.as_view()),
    path("v2/rooms/<uuid:room_id>", OneRoomView.as_view()),
    path("v2/rooms/<uuid:room_id>/members", MembersView.as_view()),
    path("v2/rooms/<uuid:room_id>/members/<uuid:member_id>", OneMemberView.as_view()),
    path("v2/rooms/<uuid:room_id>/bans", RoomBansView.as_view()),
    path("v2/bans", BansView.as_view()),
    path("v2/bans/<uuid:ban_id>", OneBanView.as_view()),
    path("v2/operations", OperationsView.as_view()),
    path("v2/operations/<uuid:operation_id>", OneOperationView.as_view()),
]
