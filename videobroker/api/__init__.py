"""What all endpoints share: Telnyx's dialect, idempotency, throttles, health, the OpenAPI document."""
