/**
 * Mints a join token for this tab, and keeps it fresh for as long as the person may be in the room.
 *
 *     const lease = await joinToken({ url, roomId, getUserToken, onStop: ({ reason, message }) => … });
 *     const { telnyx_room_id, token, context } = lease.minted;
 *     const room = await initialize({ roomId: telnyx_room_id, clientToken: token, context });
 *     await room.connect();
 *     lease.attach(room);
 *
 * Every tab has a grant of its own, and its refresh token is kept in memory only. docs/clients.md has the rules that
 * are kept here, videobroker.d.ts the types.
 */

/** No decisions about the person: the grant is over, or its tokens got out of step. Minting decides anew. */
const MINT_ANEW = /grant_expired|invalid_refresh_token|refresh_superseded|token_reused/;
/** Milliseconds: one request, and the longest pause before a retry. */
const SHORT = 10e3;
/** Milliseconds: a mint, or a refresh at the least, with its retries; and the longest time between looks at the clock. */
const LONG = 30e3;

/** Why there is no token. `reason` is for programs (docs/reasons.md), `message` for people. */
export class Refused extends Error {
  constructor(status, { detail, meta: { reason, retry_at: at, request_id: requestId } }, cause) {
    super(detail, { cause });
    Object.assign(this, { status, reason, retryAt: at && new Date(at), requestId });
  }
}

/** A moment on both clocks: the wall's may be set, and the steady one may stand still while the device sleeps. */
const moment = () => [Date.now(), performance.now()];
const since = ([wall, steady]) => Math.max(Date.now() - wall, performance.now() - steady);
/** Not `randomUUID`, which pages without TLS do not have. */
const newKey = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

/**
 * @param {import("./videobroker.js").JoinOptions} options
 * @returns {Promise<import("./videobroker.js").Lease>}
 */
export async function joinToken({ url = "", roomId, getUserToken, ttlSecs, displayName, signal, ...callbacks }) {
  const ending = new AbortController();
  const over = ending.signal;
  /** The answer that holds, when it was asked for, and milliseconds from then: to refresh, to its end, to the end of
   * its refresh token. */
  let minted, begun, due, ends, lasts, room, login, wake;

  /** In a task of its own: what an app does wrong in a callback must not end the refreshing. */
  const tell = (name, value) => over.aborted || queueMicrotask(() => callbacks[name]?.(value));

  const pause = (ms) =>
    new Promise((done) => {
      wake = done;
      setTimeout(done, ms);
    });

  async function until(then, ms) {
    while (since(then) < ms && !over.aborted) await pause(Math.min(ms - since(then) + 1, LONG));
    over.throwIfAborted();
  }

  const post = (action, body, key, more) =>
    fetch(`${url}/v2/rooms/${roomId}/actions/${action}_client_token`, {
      method: "POST",
      headers: { ...login, "Content-Type": "application/json", "Idempotency-Key": key },
      body: JSON.stringify(body),
      ...more,
    });

  /** Asks until an answer decides. What was lost, and what says "not now", is asked again for `patience` ms: the same
   * request under the same key, so that it is done once however often it is sent. */
  async function ask(action, body, patience = 0) {
    const key = newKey();
    const asked = moment();
    const most = Math.max(patience, LONG);
    for (let step = 500, refused, wait; ; step *= 2, wait = 0) {
      const before = refused;
      try {
        login = getUserToken
          ? { Authorization: `Bearer ${await getUserToken(refused)}` }
          : { "X-CSRFToken": document.cookie.match(/\bcsrftoken=([^;]+)/)?.[1] };
        const answer = await post(action, body, key, { signal: AbortSignal.any([over, AbortSignal.timeout(SHORT)]) });
        const { data, errors } = await answer.json();
        const refresh = Date.parse(data?.refresh_after);
        // Between two of the server's times, so true whatever our own clock says; nonsense has none.
        const margin = Date.parse(data?.token_expires_at) - refresh;
        if (margin > 0) return [data, asked, refresh, margin];
        refused = new Refused(answer.status, errors[0]);
        wait = answer.headers.get("Retry-After") * 1e3 || refused.retryAt - Date.now();
      } catch (lost) {
        over.throwIfAborted();
        refused = new Refused(0, { detail: "there is no answer", meta: { reason: "unreachable" } }, lost);
      }
      const { status, reason } = refused;
      if (status === 401 && before?.status !== 401) continue; // a fresh login may do
      // Lost answers and "not now": the same request may be answered otherwise in a while.
      const passes = !status || status > 499 || status === 429 || reason === "still_running";
      if (!passes || since(asked) > most) throw refused;
      tell("onTrouble", refused);
      if (wait > 0) await until(moment(), Math.min(wait, most) + Math.random() * 500);
      else await pause(Math.min(SHORT, step) * (1 - Math.random() / 2));
    }
  }

  /** In JSON, what is undefined is not there. */
  const mint = () => ask("generate_join", { token_ttl_secs: ttlSecs, display_name: displayName });

  /** Goes on with an answer. It was made when it was asked for, or later: its times count from then. */
  function take([data, asked, refresh, margin], anew) {
    anew ||= minted && (since(begun) > ends || data.telnyx_room_id !== minted.telnyx_room_id);
    due = Math.min(Math.max(refresh - asked[0], 0.8 * margin), 1.9 * margin) - 0.1 * margin * Math.random();
    ends = due + margin;
    lasts = due + Date.parse(data.refresh_token_expires_at) - refresh;
    minted = data;
    begun = asked;
    if (since(begun) > ends) return; // so late that it is over: the next one is due already
    tell("onToken", data);
    if (anew && callbacks.onRejoin) tell("onRejoin", data);
    else hand();
  }

  /** Should it fail, the next token may do. */
  async function hand() {
    try {
      await room?.updateClientToken(minted.token);
    } catch (error) {
      tell("onTrouble", error);
    }
  }

  async function keepFresh() {
    for (let again; ; ) {
      await until(begun, due);
      try {
        const { refresh_token } = minted;
        take(await ask("refresh", { token_ttl_secs: ttlSecs, refresh_token }, lasts - since(begun)));
        again = false;
      } catch (refused) {
        if (again || !MINT_ANEW.test(refused.reason)) throw refused;
        again = true;
        take(await mint(), true);
      }
    }
  }

  function end() {
    ending.abort();
    wake?.();
  }

  async function leave() {
    if (over.aborted) return;
    end();
    if (minted) await post("revoke", { refresh_token: minted.refresh_token }, newKey(), { keepalive: true });
  }

  signal?.throwIfAborted();
  // Nobody is there who could be told that the farewell was not heard.
  signal?.addEventListener("abort", () => leave().catch(() => {}), { signal: over });
  for (const type of ["online", "focus", "pageshow", "visibilitychange", "resume"])
    addEventListener(type, () => wake?.(), { signal: over });
  addEventListener("pagehide", ({ persisted }) => persisted || leave(), { signal: over });
  try {
    take(await mint());
  } catch (refused) {
    end();
    throw refused;
  }
  keepFresh().catch((refused) => {
    tell("onStop", refused);
    end();
  });
  return {
    get minted() {
      return minted;
    },
    attach(joined) {
      room = joined;
      hand();
    },
    leave,
  };
}
