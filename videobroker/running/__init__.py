"""Running videobroker as one: several processes that start, are watched, and end together."""
