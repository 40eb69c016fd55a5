# What `make test` does, with the virtual environment's programs first on PATH.
# Everything that has to do with the database runs on SQLite and, when one answers, on PostgreSQL too.
set -eu

ON_A_DATABASE="tests/rooms tests/tokens tests/videobroker/api tests/videobroker/tenants tests/journeys"
POSTGRES="${TEST_POSTGRES_URL:-postgres://postgres@127.0.0.1:5432/postgres}"

ruff check .
ruff format --check .
mypy
lint-imports --no-logo 2>/dev/null || lint-imports

echo "== all tests, on SQLite"
env -u DATABASE_URL pytest -n 2 "$@"

if reason=$(TEST_POSTGRES_URL="$POSTGRES" python -m tests.reachable postgresql); then
    echo "== what touches the database again, on PostgreSQL"
    DATABASE_URL="$POSTGRES" pytest -n 2 $ON_A_DATABASE "$@"
elif [ "${CI:-}" = true ]; then
    echo "PostgreSQL: $reason. CI needs both databases." >&2
    exit 1
else
    echo "PostgreSQL: $reason. Not tested on it; set TEST_POSTGRES_URL to one that may create databases."
fi
