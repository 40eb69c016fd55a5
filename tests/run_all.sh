# What `make test` does, with the virtual environment's programs first on PATH.
# Everything runs on SQLite; what has to do with the database runs on PostgreSQL too, when one answers.
set -eu

POSTGRES="${TEST_POSTGRES_URL:-postgres://postgres@127.0.0.1:5432/postgres}"
# What locks, races, counts under a constraint, sorts, pages, filters by time or text, or bulk-writes what was read: there
# databases differ. Rights and refusals, fields and limits, faults of the wire, brokers and pure decisions are the same.
ON_POSTGRES="
tests/rooms/test_purging_races.py tests/rooms/test_waiting_for_each_other.py tests/rooms/test_leases.py
tests/rooms/test_dispatching.py tests/rooms/test_carrying.py tests/rooms/test_mirroring.py tests/rooms/test_recordings.py
tests/rooms/test_purging.py tests/rooms/test_purging_by_clocks.py tests/rooms/test_holds.py
tests/rooms/test_retention.py tests/rooms/test_bans.py
tests/rooms/test_evicting.py tests/rooms/test_delivering.py tests/rooms/test_erasing.py
tests/rooms/test_deleting_recordings.py tests/rooms/test_deleting_many_recordings.py
tests/rooms/test_provisioning.py tests/rooms/test_hostile_participants.py
tests/rooms/test_composing_by_itself.py tests/rooms/test_any_course_of_events.py
tests/rooms/test_deleting.py tests/rooms/test_not_to_be_deleted.py
tests/rooms/test_deleted_under_a_wrong_key.py tests/rooms/test_erasing_again.py tests/rooms/test_lingering_people.py
tests/rooms/test_audit.py tests/rooms/test_reading_rooms.py tests/rooms/test_sessions_resource.py
tests/rooms/test_participants_resource.py tests/rooms/test_recordings_resource.py
tests/tokens/test_races.py tests/tokens/test_slow_refreshes.py tests/tokens/test_withholding.py
tests/tokens/test_seats.py tests/tokens/test_reuse.py tests/tokens/test_minting.py tests/tokens/test_idempotency.py
tests/videobroker/api/test_idempotency.py tests/videobroker/tenants/test_key_ring.py
tests/rooms/test_any_course_of_keeping.py tests/journeys/test_moderation.py"

ruff check .
ruff format --check .
mypy
lint-imports > /dev/null || lint-imports

# Both runs, and the hundreds of processes that they start, read what was compiled once.
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX="$PWD/.pytest_cache/bytecode"

# What fails is tried once more, with nothing beside it: on a machine that is slow or busy somebody's patience may have run
# out. If it passes then, the run goes on, and has said which test to mend.
tested() {
    status=0
    pytest -n 2 "$@" || status=$?
    [ "$status" = 1 ] || return "$status"
    echo "== what failed, once more. A test that passes now is flaky, which is a bug: mend it"
    pytest --last-failed --last-failed-no-failures=none "$@"
}

echo "== all tests, on SQLite"
(unset DATABASE_URL; tested "$@")

if reason=$(TEST_POSTGRES_URL="$POSTGRES" python -m tests.reachable postgresql); then
    echo "== what has to do with the database, on PostgreSQL"
    (export DATABASE_URL="$POSTGRES"; tested $ON_POSTGRES "$@")
elif [ "${CI:-}" = true ]; then
    echo "PostgreSQL: $reason. CI needs both databases." >&2
    exit 1
else
    echo "PostgreSQL: $reason. Not tested on it; set TEST_POSTGRES_URL to one that may create databases."
fi
