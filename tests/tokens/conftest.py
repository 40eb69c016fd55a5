"""What tests of tokens may ask for."""

from tests.tokens.passing import time

__all__ = ["time"]
