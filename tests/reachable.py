"""`python -m tests.reachable postgresql`: exit 0 if it answers, else print why not and exit 1."""

import os
import sys

import psycopg


def why_no_postgresql(url: str) -> str | None:
    """None if a PostgreSQL answers at `url` and lets us create databases, else the reason."""
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            )
            return None if row.fetchone() == (True,) else "its user may not create databases"
    except psycopg.OperationalError as error:
        return " ".join(str(error).split()) or "no answer"


if __name__ == "__main__":
    reason = why_no_postgresql(os.environ["TEST_POSTGRES_URL"])
    print(reason or "answers")
    sys.exit(1 if reason else 0)
