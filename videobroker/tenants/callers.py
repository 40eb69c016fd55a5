"""Who is asking, as the rest of the house sees them."""

from dataclasses import dataclass, field
from enum import StrEnum

from rest_framework.request import Request

from videobroker.tenants.models import Tenant, User


class CallerKind(StrEnum):
    IDENTITY = "identity"
    API_KEY = "api_key"
    OPERATOR = "operator"
    SYSTEM = "system"


@dataclass(frozen=True)
class Caller:
    """One authenticated asker: a tenant's person, a tenant's back end, an operator, or the house itself.

    `identity` is the person for kind IDENTITY and None otherwise; `subject` names the caller of any kind for the
    audit: the identity, the API key's id, the operator's user name.
    """

    kind: CallerKind
    subject: str
    tenant: Tenant | None
    identity: str | None = None
    display_name: str | None = None
    scopes: frozenset[str] = frozenset()
    address: str = ""
    request_id: str = ""
    user: User | None = field(default=None, repr=False)

    is_authenticated = True  # what Django and DRF ask of a user

    @property
    def is_back_end(self) -> bool:
        """A confidential client: a tenant's server with an API key."""
        return self.kind is CallerKind.API_KEY

    def may(self, scope: str) -> bool:
        """Whether this is a back end whose key has `scope`."""
        return self.is_back_end and scope in self.scopes

    @property
    def the_tenant(self) -> Tenant:
        """The caller's tenant. Raises `LookupError` for the house's own callers, who have none."""
        if self.tenant is None:
            raise LookupError(f"{self.kind} {self.subject} belongs to no tenant")
        return self.tenant


def caller_of(request: Request) -> Caller:
    """Who makes an authenticated DRF request. Raises `TypeError` where no policy made sure that there is one."""
    caller: object = request.user
    if not isinstance(caller, Caller):
        raise TypeError(f"{request.method} {request.path} has no caller: the view needs a policy")
    return caller


HOUSE = Caller(kind=CallerKind.SYSTEM, subject="videobroker", tenant=None)
