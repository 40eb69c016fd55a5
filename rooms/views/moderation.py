from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import moderation, rights
from rooms.models import Ban, Session
from rooms.moderation import Aim, BanTerms, Ordered
from rooms.serializers import AimBody, BanRecord, KickBody, OrderedRecord
from videobroker.api.idempotency import idempotent_in_one_transaction
from videobroker.api.problems import invalid, not_found
from videobroker.api.serializers import Body
from videobroker.api.views import ApiView, one


class SessionActionView(ApiView):
    """An order about a session: for moderators of its room, and for back ends with the scope."""

    scopes = {"POST": "moderate"}
    for_people = {"POST": "moderators"}
    refuses = {"POST": rights.MODERATORS_ONLY}
    queryset = Session.objects.none()
    serializer_class: type[Body] = AimBody
    action: ClassVar[str]

    def session(self, session_id: UUID) -> Session:
        """The session, if the caller may decide in its room. Members who may not are told so (and it is audited)."""
        sessions = Session.objects.of(self.tenant).filter(room__deleted_at=None)
        found = sessions.select_related("room", "room__account", "room__tenant").filter(pk=session_id).first()
        if found is None:
            raise not_found()
        with rights.refusals_audited(
            self.caller, self.action, found.room, subject_kind="session", subject=found.pk
        ):
            rights.require_moderator(found.room, self.caller)
        return found

    def aim(self, body: dict[str, Any]) -> Aim:
        """Whom the body is about. Nobody named means everybody, as in Telnyx's own examples."""
        named = body.get("participants")
        identities = frozenset(body.get("identities", ()))
        everybody = named == "all" or (named is None and not identities)
        if named == "all" and identities:
            raise invalid("name either all participants or some identities", "/identities")
        ids = named if isinstance(named, list) else ()
        return Aim(everybody, frozenset(ids), identities, frozenset(body.get("exclude", ())))


def ordered(result: Ordered, view: ApiView) -> Response:
    """202: the order is written, and this is where to follow it."""
    data: dict[str, Any] = {"result": "ok", "operation_id": str(result.operation.pk)}
    if result.bans:
        bans = Ban.objects.with_effect().filter(pk__in=[ban.pk for ban in result.bans]).order_by("identity")
        context = {**view.get_serializer_context(), "now": timezone.now()}
        data["bans"] = BanRecord(bans, many=True, context=context).data
    return one(data, 202)


class KickView(SessionActionView):
    """Kicking."""

    serializer_class = KickBody
    action = "participants.kicked"

    @extend_schema(
        operation_id="kick_participant_in_session", request=KickBody, responses={202: OrderedRecord}
    )
    def post(self, request: Request, session_id: UUID) -> Response:
        """Kick participants, and with `ban` keep them out. Follow it at /v2/operations/{operation_id}."""
        session = self.session(session_id)
        return self._kick(request, session)

    @idempotent_in_one_transaction
    def _kick(self, request: Request, session: Session) -> Response:
        now = timezone.now()
        body = self.read_body()
        terms = body.get("ban")
        ban = None if terms is None else BanTerms(terms.get("until"), terms.get("reason", ""))
        return ordered(moderation.kick(self.caller, session, self.aim(body), ban=ban, now=now), self)


class MuteView(SessionActionView):
    """Muting."""

    action = "participants.muted"

    @extend_schema(
        operation_id="mute_participant_in_session", request=AimBody, responses={202: OrderedRecord}
    )
    def post(self, request: Request, session_id: UUID) -> Response:
        """Mute participants."""
        return self._mute(request, self.session(session_id))

    @idempotent_in_one_transaction
    def _mute(self, request: Request, session: Session) -> Response:
        return ordered(moderation.mute(self.caller, session, self.aim(self.read_body())), self)


class UnmuteView(SessionActionView):
    """Unmuting."""

    action = "participants.unmuted"

    @extend_schema(
        operation_id="unmute_participant_in_session", request=AimBody, responses={202: OrderedRecord}
    )
    def post(self, request: Request, session_id: UUID) -> Response:
        """Unmute participants."""
        return self._unmute(request, self.session(session_id))

    @idempotent_in_one_transaction
    def _unmute(self, request: Request, session: Session) -> Response:
        return ordered(moderation.unmute(self.caller, session, self.aim(self.read_body())), self)


class EndView(SessionActionView):
    """Ending."""

    action = "session.ended"
    serializer_class = Body

    @extend_schema(operation_id="end_session", request=None, responses={202: OrderedRecord})
    def post(self, request: Request, session_id: UUID) -> Response:
        """End a session: everybody is put out."""
        return self._end(request, self.session(session_id))

    @idempotent_in_one_transaction
    def _end(self, request: Request, session: Session) -> Response:
        self.read_body()
        return ordered(moderation.end(self.caller, session), self)
