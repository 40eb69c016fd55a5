# What `make test` does, with the virtual environment's programs first on PATH.
# Everything runs on SQLite; what has to do with the database runs on PostgreSQL too, when one answers.
set -eu

POSTGRES="${TEST_POSTGRES_URL:-postgres://postgres@127.0.0.1:5432/postgres}"
ON_POSTGRES="tests/rooms tests/tokens tests/journeys tests/videobroker/api/test_idempotency.py
tests/videobroker/tenants/test_key_ring.py"
# Whatever the database, these say the same: rights and refusals, fields and limits, faults of the wire, brokers, pure
# decisions. What locks, races, sorts, filters by time or runs in processes of its own is not among them.
SAME_ON_EVERY_DATABASE="
tests/rooms/test_faults_on_orders.py tests/rooms/test_losing_workers_and_brokers.py tests/rooms/test_workers.py
tests/rooms/test_creating_rooms.py tests/rooms/test_changing_rooms.py tests/rooms/test_room_rights.py
tests/rooms/test_members.py tests/rooms/test_moderation.py tests/rooms/test_operations_resource.py
tests/rooms/test_deliveries_resource.py tests/rooms/test_audited_acts.py tests/rooms/test_schedules.py
tests/tokens/test_upstream_faults.py tests/tokens/test_without_redis.py tests/tokens/test_attributing.py
tests/tokens/test_contexts.py tests/tokens/test_display_names.py tests/tokens/test_foreign_tokens.py
tests/tokens/test_refusals.py tests/tokens/test_access.py tests/tokens/test_minting_for_whom.py
tests/tokens/test_lifetimes.py tests/tokens/test_strategies.py tests/tokens/test_locked_rooms.py
tests/tokens/test_tenancy.py tests/journeys/test_official_sdk.py tests/journeys/test_official_sdk_live.py
tests/tokens/test_revoking.py tests/tokens/test_grants.py tests/tokens/test_bans_end.py
tests/rooms/test_events.py tests/rooms/test_effect_of_bans.py tests/rooms/test_delivering_again.py
tests/journeys/test_curl_lines.py tests/journeys/test_curl_lines_live.py tests/journeys/test_getting_in.py
tests/journeys/test_putting_out.py tests/rooms/test_deleting.py tests/rooms/test_lanes.py
tests/rooms/test_purge_command.py tests/rooms/test_purging_killed.py tests/rooms/test_composition_layouts.py
tests/rooms/test_compositions.py tests/rooms/test_faults_on_compositions.py tests/rooms/test_recordings_download.py
tests/rooms/test_exporting.py tests/rooms/test_times_not_believed.py tests/rooms/test_recordings_told.py
tests/journeys/test_curl_lines_recorded.py tests/journeys/test_curl_lines_compositions.py
tests/journeys/test_official_sdk_recorded.py tests/journeys/test_official_sdk_compositions.py
tests/tokens/test_join_page.py tests/tokens/test_browser_module.py"

ruff check .
ruff format --check .
mypy
lint-imports > /dev/null || lint-imports

echo "== all tests, on SQLite"
env -u DATABASE_URL pytest -n 2 "$@"

if reason=$(TEST_POSTGRES_URL="$POSTGRES" python -m tests.reachable postgresql); then
    echo "== what has to do with the database, on PostgreSQL"
    ignored=""
    for each in $SAME_ON_EVERY_DATABASE; do ignored="$ignored --ignore=$each"; done
    DATABASE_URL="$POSTGRES" pytest -n 2 $ON_POSTGRES $ignored "$@"
elif [ "${CI:-}" = true ]; then
    echo "PostgreSQL: $reason. CI needs both databases." >&2
    exit 1
else
    echo "PostgreSQL: $reason. Not tested on it; set TEST_POSTGRES_URL to one that may create databases."
fi
