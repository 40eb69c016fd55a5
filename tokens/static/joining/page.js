/** The join page: sign in, see whether one may enter, be in, and be told why one is out. */

import { joinToken } from "../videobroker.js";
import { withdraw } from "./asking.js";
import * as broker from "./broker.js";
import { Moderation } from "./moderating.js";
import { showPeople } from "./people.js";
import * as simulated from "./simulated.js";
import * as telnyx from "./telnyx.js";
import { departure, refusal, time } from "./words.js";

const LOOKED_MS = 1000;
const ASKED_MS = 3000;
const told = document.body.dataset;
const place = (id) => document.getElementById(id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const SECTIONS = ["sign-in", "lobby", "call", "out"];
/** Ends of a call that nobody decided. */
const LOST = ["token_expired", "network_error", "timed_out"];

/** The call that one is in: its lease and what is shown of it; null while one is in none. */
let stay = null;
let atDoor = 0;

function show(section) {
  withdraw();
  for (const id of SECTIONS) place(id).hidden = id !== section;
  place(`${section}-title`).focus();
}

function say(id, text) {
  place(id).hidden = !text;
  tell(id, text);
}

function tell(id, text) {
  if (place(id).textContent !== text) place(id).textContent = text;
}

/* --- Signing in -------------------------------------------------------------------------------------------- */

function arrive() {
  const handed = new URLSearchParams(location.hash.slice(1)).get("token");
  // It is nobody else's business, and need not be in the history.
  if (handed) history.replaceState(null, "", location.pathname);
  if (handed) return enterAs(handed);
  return told.identity ? wait() : show("sign-in");
}

function enterAs(token) {
  broker.signInWith(token);
  say("who-name", nameIn(token));
  place("who").hidden = false;
  say("access", "Looking whether you may enter …");
  place("join").hidden = true;
  return wait();
}

/** What the token calls its person; whether that is so, the API finds out. */
function nameIn(token) {
  try {
    const body = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const { name, sub } = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(body), (each) => each.charCodeAt(0))));
    return name ?? sub ?? "";
  } catch {
    return "";
  }
}

// A link with another token, opened in this very tab, loads nothing; who is in a call stays who they are.
addEventListener("hashchange", () => {
  if (!stay) return arrive();
  history.replaceState(null, "", location.pathname);
});

place("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = place("login-token").value.trim();
  place("login-token").value = "";
  enterAs(token);
});

// Who signs out leaves first: without a login nobody could say so any more.
place("sign-out").addEventListener("submit", async (event) => {
  const inCall = stay;
  if (!inCall && told.identity) return; // the session ends at the server, and whatever else they are with this page
  event.preventDefault();
  if (inCall) await leave(inCall);
  if (told.identity) event.target.requestSubmit(event.submitter);
  else location.reload();
});

/* --- At the door ------------------------------------------------------------------------------------------- */

/** Shows whether one may enter, and looks again from time to time, for as long as one stands there. */
async function wait() {
  show("lobby");
  const mine = ++atDoor;
  while (mine === atDoor) {
    await look();
    await pause(ASKED_MS);
  }
}

async function look() {
  const mine = atDoor;
  try {
    const access = await broker.get(`/v2/rooms/${told.room}/access`);
    if (mine !== atDoor) return; // it is about who one was before, or one is in
    showAccess(access);
    if (access.admitted || access.role) await nameRoom();
  } catch (refused) {
    if (mine !== atDoor) return;
    if (refused.status === 401) return signInAgain(refused);
    showAccess({ admitted: false, reason: refused.reason, detail: refused.message });
  }
}

function showAccess({ admitted, reason, detail, role, retry_at: retryAt }) {
  const as = role === "moderator" ? "as a moderator" : "as a participant";
  say("access", admitted ? `You may enter ${as}.` : refusal({ reason, detail }));
  say("access-when", retryAt ? `Try again at ${time(new Date(retryAt))}.` : "");
  place("access").className = admitted ? "banner good" : "banner bad";
  place("join").hidden = !admitted;
  told.role = role ?? "";
}

function signInAgain(refused) {
  atDoor++;
  broker.signInWith(null);
  place("who").hidden = true;
  say("trouble", `Your login does not hold: ${refused.message}.`);
  show("sign-in");
}

async function nameRoom() {
  const room = await broker.get(`/v2/rooms/${told.room}`);
  place("room-name").textContent = room.unique_name || "Video room";
  document.title = `${place("room-name").textContent} – join`;
}

place("join").addEventListener("click", async () => {
  place("join").disabled = true;
  say("trouble", "");
  try {
    await enter();
  } catch (refused) {
    say("trouble", refusal(refused));
    await look();
  }
  place("join").disabled = false;
});

place("again").addEventListener("click", wait);

/* --- In the call ------------------------------------------------------------------------------------------- */

async function enter() {
  const here = { over: false, call: null, lease: null, moderation: null };
  here.lease = await joinToken({
    roomId: told.room,
    getUserToken: broker.userToken(),
    onToken: () => say("trouble", ""),
    onTrouble: (error) => say("trouble", `${refusal(error)} Trying again …`),
    onRejoin: (minted) => rejoin(here, minted),
    onStop: (refused) => putOut(here, refusal(refused), refused.retryAt),
  });
  try {
    here.call = await join(here.lease.minted);
  } catch (failed) {
    await here.lease.leave();
    throw failed;
  }
  here.lease.attach(here.call);
  atDoor++;
  stay = here;
  say("trouble", "");
  place("speak").hidden = !here.call.speak;
  if (told.role === "moderator") here.moderation = new Moderation(told.room);
  show("call");
  watch(here);
}

const join = (minted) =>
  told.simulator
    ? simulated.enter(told.simulator, minted)
    : telnyx.enter(told.videoModule, minted, place("videos"));

/** The connection was lost for too long, or the room was made anew: the old call is no more. One try at a time. */
function rejoin(here, minted) {
  say("trouble", "The connection was lost. Reconnecting …");
  here.rejoining ??= joinAnew(here, minted).finally(() => (here.rejoining = null));
  return here.rejoining.catch((failed) => console.info("could not join again yet:", failed.message));
}

async function joinAnew(here, minted) {
  const old = here.call;
  here.call = await join(minted);
  here.lease.attach(here.call);
  say("trouble", "");
  await old.leave().catch((gone) => console.info("the old call is over:", gone.message));
}

async function watch(here) {
  while (!here.over) {
    const { call } = here;
    try {
      const seen = await call.see();
      if (here.over || call !== here.call) continue;
      if (seen.present) await showCall(here, seen);
      else await meetDeparture(here, seen.why);
    } catch (lost) {
      console.info("the call cannot be seen at the moment:", lost.message);
    }
    await pause(LOOKED_MS);
  }
}

async function showCall(here, { people }) {
  const muted = people.some(({ me, muted: silent }) => me && silent);
  const state = place("my-state");
  if (here.muted !== muted) {
    state.textContent = muted ? "A moderator muted you: nobody hears you." : "You can be heard.";
    state.className = muted ? "banner bad" : "banner good";
    here.muted = muted;
  }
  await showPeople(people, here.moderation?.actsOn ?? (() => []));
}

/** Not in any more. What was lost is joined again; of what was decided, the API says what it means for coming back. */
async function meetDeparture(here, why) {
  if (LOST.includes(why)) return rejoin(here, here.lease.minted);
  const access = await broker.get(`/v2/rooms/${told.room}/access`).catch(unlessLost);
  if (why === "room_deleted" && access.admitted) return enterAnew(here); // it was made anew, as by sealing
  const next = access.admitted === false ? refusal(access) : "";
  return putOut(here, next === departure(why) ? next : `${departure(why)} ${next}`, access.retry_at);
}

function unlessLost(refused) {
  if (!refused.status) throw refused;
  return {};
}

async function enterAnew(here) {
  await leave(here);
  await enter().catch((refused) => putOut({ lease: here.lease }, refusal(refused), refused.retryAt));
}

async function putOut(here, text, until) {
  if (here.over) return;
  await leave(here);
  say("out-why", until ? `${text} Try again at ${time(new Date(until))}.` : text);
  show("out");
}

async function leave(here) {
  here.over = true;
  if (stay === here) stay = null;
  here.moderation?.stop();
  say("trouble", "");
  const farewells = await Promise.allSettled([here.call?.leave(), here.lease.leave()]);
  for (const { reason } of farewells) if (reason) console.info("gone without a farewell:", reason.message);
}

place("speak").addEventListener("click", async () => {
  try {
    tell("heard", (await stay.call.speak()) ? "You were heard." : "Nobody heard you: you are muted.");
  } catch (lost) {
    tell("heard", `Nobody heard you: ${lost.message}`);
  }
});

place("leave").addEventListener("click", async () => {
  if (!stay) return; // pressed twice
  await leave(stay);
  say("out-why", "You have left the room.");
  show("out");
});

// Who closes the page has left. (The lease says so to videobroker by itself.)
addEventListener("pagehide", ({ persisted }) => persisted || stay?.call.leave());

arrive();
