"""The simulator's own interface under `/_simulator`: what browsers do, what tests ask for and look at.

It asks for no key: it is for tests and development, and says everything it knows.
"""

from typing import Any

from videobroker.simulator import (
    accounts,
    attendance,
    browsers,
    deliveries,
    errors,
    events,
    ledger,
    state,
    telnyx_api,
)
from videobroker.simulator.errors import Refusal
from videobroker.simulator.events import Audience
from videobroker.simulator.exchange import Answer, Call, as_json, refused
from videobroker.simulator.fields import Fields
from videobroker.simulator.routing import Route, Router
from videobroker.simulator.simulation import Simulation

PREFIX = "/_simulator"


def health(sim: Simulation, call: Call) -> Any:
    """Whether the simulator answers and its store can be read."""
    del call
    return {"data": {"status": "ok", "rooms": sim.store.count("SELECT count(*) FROM rooms")}}


def view_state(sim: Simulation, call: Call) -> Any:
    """The whole state, in the format in which it can be put."""
    del call
    return {"data": state.shown(sim)}


def put_state(sim: Simulation, call: Call) -> Any:
    """Merge the given state into what is there; answers the whole."""
    state.put(sim, call.fields())
    return {"data": state.shown(sim)}


def forget_state(sim: Simulation, call: Call) -> Any:
    """Forget everything but the accounts; with `?accounts=true` these too, except the first."""
    state.forget(sim, with_accounts=call.query.get("accounts") in ("true", "True"))
    return {"data": state.shown(sim)}


def create_account(sim: Simulation, call: Call) -> Any:
    """`{api_key?, id?}`: one more account."""
    fields = call.fields()
    fields.only(("api_key", "id"))
    account_id = fields.identifier("id") if "id" in fields else None
    with sim.store.transaction():
        if account_id and accounts.get(sim.store, account_id):
            raise fields.wrong("id", "is taken by another account.", errors.DUPLICATE)
        api_key = fields.text("api_key") if "api_key" in fields else None
        return {"data": _shown_account(sim, accounts.create(sim.store, account_id, api_key))}


def create_key(sim: Simulation, call: Call) -> Any:
    """`{api_key?}`: one more key for the account; all its keys hold side by side."""
    fields = call.fields()
    fields.only(("api_key",))
    with sim.store.transaction():
        account = _account(sim, call)
        key = fields.text("api_key") if "api_key" in fields else accounts.make_api_key()
        accounts.add_key(sim.store, account.id, key)
    return {"data": {"api_key": key, "account_id": account.id}}


def revoke_key(sim: Simulation, call: Call) -> Any:
    """Revoke a key: from now on it is answered 401."""
    with sim.store.transaction():
        account = _account(sim, call)
        sql = "UPDATE api_keys SET revoked_at = ? WHERE account_id = ? AND key = ? AND revoked_at IS NULL"
        if not sim.store.execute(sql, sim.clock.now().isoformat(), account.id, call.ids["key"]):
            raise Refusal(404, errors.NOT_FOUND, "The account has no such key that is not revoked.")


def view_ledger(sim: Simulation, call: Call) -> Any:
    """The ledger's entries."""
    return {"data": ledger.entries(sim.store, call.query)}


def view_ledger_summary(sim: Simulation, call: Call) -> Any:
    """The calls counted."""
    del call
    return {"data": ledger.summary(sim.store)}


def forget_ledger(sim: Simulation, call: Call) -> None:
    """Empty the ledger."""
    del call
    ledger.forget(sim.store)


def create_fault(sim: Simulation, call: Call) -> Any:
    """Let a fault strike from now on."""
    return {"data": sim.faults.add(call.fields(), telnyx_api.ROUTER.operations).shown()}


def list_faults(sim: Simulation, call: Call) -> Any:
    """All faults, those that have done their work included."""
    del call
    return {"data": [fault.shown() for fault in sim.faults.every()]}


def view_fault(sim: Simulation, call: Call) -> Any:
    """One fault: how often it fired and how many calls it holds."""
    return {"data": sim.faults.get(call.ids["fault_id"]).shown()}


def release_fault(sim: Simulation, call: Call) -> Any:
    """Let the calls a fault holds go on; it holds no more."""
    fault = sim.faults.get(call.ids["fault_id"])
    fault.released.set()
    return {"data": fault.shown()}


def delete_fault(sim: Simulation, call: Call) -> None:
    """Let a fault strike no more."""
    sim.faults.remove(call.ids["fault_id"])


def delete_faults(sim: Simulation, call: Call) -> None:
    """Let no fault strike any more."""
    del call
    sim.faults.clear()


def view_settings(sim: Simulation, call: Call) -> Any:
    """The settings that hold."""
    del call
    return {"data": sim.settings.shown()}


def put_settings(sim: Simulation, call: Call) -> Any:
    """Change the settings that are given and leave the others."""
    state.put_settings(sim, call.fields())
    return {"data": sim.settings.shown()}


def create_webhook(sim: Simulation, call: Call) -> Any:
    """`{account_id?, url, event_type, payload}`: send a signed event made to order."""
    fields = call.fields()
    fields.only(("account_id", "url", "event_type", "payload", "failover_url", "timeout_secs"))
    account = _named_account(sim, fields)
    heard_by = Audience(
        account_id=account.id,
        room_id=None,
        url=fields.url("url"),
        failover_url=fields.url("failover_url") if "failover_url" in fields else None,
        timeout_secs=fields.number("timeout_secs", 0.01, 30) if "timeout_secs" in fields else None,
    )
    payload = dict(Fields(fields.given("payload"), "/payload").values)
    with sim.change(call) as change:
        event_id = events.publish(change, fields.text("event_type"), heard_by, payload)
    return {"data": {"id": event_id}}


def list_webhooks(sim: Simulation, call: Call) -> Any:
    """The events with their deliveries and attempts."""
    return {"data": deliveries.shown(sim.store, call.query)}


ROUTER = Router(
    PREFIX,
    [
        Route("GET", "/health", "health", 200, health),
        Route("POST", "/join", "join", 201, attendance.join),
        Route("POST", "/renew", "renew", 200, attendance.renew),
        Route("POST", "/leave", "leave", 200, attendance.leave),
        Route("POST", "/speak", "speak", 200, attendance.speak),
        Route("GET", "/participants/{participant_id}", "view_participant", 200, attendance.view),
        Route("GET", "/participants/{participant_id}/company", "view_company", 200, attendance.company),
        Route("POST", "/recordings", "start_recording", 201, attendance.start_recording),
        Route(
            "POST",
            "/recordings/{recording_id}/complete",
            "complete_recording",
            200,
            attendance.complete_recording,
        ),
        Route("GET", "/state", "view_state", 200, view_state),
        Route("PUT", "/state", "put_state", 200, put_state),
        Route("DELETE", "/state", "forget_state", 200, forget_state),
        Route("POST", "/accounts", "create_account", 201, create_account),
        Route("POST", "/accounts/{account_id}/keys", "create_key", 201, create_key),
        Route("DELETE", "/accounts/{account_id}/keys/{key}", "revoke_key", 204, revoke_key),
        Route("GET", "/ledger", "view_ledger", 200, view_ledger),
        Route("GET", "/ledger/summary", "view_ledger_summary", 200, view_ledger_summary),
        Route("DELETE", "/ledger", "forget_ledger", 204, forget_ledger),
        Route("POST", "/faults", "create_fault", 201, create_fault),
        Route("GET", "/faults", "list_faults", 200, list_faults),
        Route("DELETE", "/faults", "delete_faults", 204, delete_faults),
        Route("GET", "/faults/{fault_id}", "view_fault", 200, view_fault),
        Route("DELETE", "/faults/{fault_id}", "delete_fault", 204, delete_fault),
        Route("POST", "/faults/{fault_id}/release", "release_fault", 200, release_fault),
        Route("GET", "/settings", "view_settings", 200, view_settings),
        Route("PUT", "/settings", "put_settings", 200, put_settings),
        Route("GET", "/webhooks", "list_webhooks", 200, list_webhooks),
        Route("POST", "/webhooks", "create_webhook", 201, create_webhook),
    ],
)


def answer(sim: Simulation, call: Call) -> Answer:
    """Answer a call of the control API."""
    return browsers.permission(ROUTER, call) or browsers.readable(_answer(sim, call), call)


def _answer(sim: Simulation, call: Call) -> Answer:
    route = ROUTER.find(call)
    try:
        if route is None:
            raise ROUTER.missing(call)
        browsers.check_origin(call)
        body = route.handler(sim, call)
    except Refusal as refusal:
        return refused(refusal)
    return Answer(route.status, None) if body is None else as_json(route.status, body)


def _account(sim: Simulation, call: Call) -> accounts.Account:
    account = accounts.get(sim.store, call.ids["account_id"])
    if account is None:
        raise Refusal(
            404, errors.NOT_FOUND, "There is no account with this id; GET /_simulator/state lists them."
        )
    return account


def _named_account(sim: Simulation, fields: Fields) -> accounts.Account:
    """The account a body names, or the first."""
    if fields.values.get("account_id") is None:
        account = accounts.first(sim.store)
    else:
        account = accounts.get(sim.store, fields.identifier("account_id"))
    if account is None:
        raise fields.wrong("account_id", "names no account; GET /_simulator/state lists them.")
    return account


def _shown_account(sim: Simulation, account: accounts.Account) -> dict[str, Any]:
    keys = accounts.keys_of(sim.store, account.id)
    return {"id": account.id, "api_key": keys[0], "api_keys": keys, "public_key": account.public_key}
