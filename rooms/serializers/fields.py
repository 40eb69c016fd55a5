"""What the bodies and records of rooms are made of."""

from typing import Any, ClassVar, Final

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers

from videobroker.outbound import AddressPolicy, AddressRefused, Target
from videobroker.tenants.identities import clean_display_name, validate_identity


def check_identity(value: str) -> None:
    """An identity as the tenants module wants it, said in DRF's words."""
    try:
        validate_identity(value)
    except DjangoValidationError as error:
        raise serializers.ValidationError(error.messages) from error


class IdentityField(serializers.CharField):
    """A person as the tenant names them; nothing is trimmed or changed, so it is compared as it was sent."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "The person, as your identity provider names them (`sub`).")
        super().__init__(trim_whitespace=False, max_length=255, validators=[check_identity], **kwargs)


class DisplayNameField(serializers.CharField):
    """A name that others will see: at most 100 characters, without invisible ones."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, allow_blank=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if self.max_length is not None and len(text) > self.max_length:
            self.fail("max_length", max_length=self.max_length)  # cleaning would cut it short without a word
        return clean_display_name(text)


# What can be told of a webhook's URL without a connection. Whether private addresses will do is for an operator to say,
# who may say otherwise later; it is asked for at each connection.
WEBHOOKS: Final = AddressPolicy(schemes=frozenset({"http", "https"}), allow_private=True)


class WebhookUrlField(serializers.CharField):
    """An absolute http(s) URL that a webhook can be sent to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=2000, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            if text:
                Target.parse(text, WEBHOOKS)
        except AddressRefused as refused:
            raise serializers.ValidationError(refused.why) from refused
        return text


class Record(serializers.ModelSerializer[Any]):
    """An answer: one of our rows under Telnyx's `record_type`."""

    record_type = serializers.SerializerMethodField()
    record_type_name = ""
    # How one looks, for the OpenAPI document; and what is there only when it was asked for, with the records in it.
    example: ClassVar[dict[str, Any]] = {}
    sometimes: ClassVar[dict[str, type[serializers.Serializer[Any]]]] = {}

    def get_record_type(self, row: Any) -> str:
        return self.record_type_name
