"""Celery's door to the housekeeping of grants."""

from celery import shared_task
from django.utils import timezone

from tokens import tidying


@shared_task(name="tokens.tasks.tidy")
def tidy() -> None:
    """Forget what nobody can ask for any more."""
    tidying.forget_old(timezone.now())
