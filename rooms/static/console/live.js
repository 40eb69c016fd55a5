// Keeps a room's live page as the room is. Without this script the page is right when it is loaded.
//
// Every few seconds the fragment is asked for, with the ETag of the one that is shown. Of a new one, only what differs
// is put in, so whoever is on a button stays on it; what came to be is said in a polite live region. Nothing is asked
// while the tab is hidden, or paused.

const EVERY_MS = 2500;
const SLOWEST_MS = 30000;
const JUST_NOW_MS = 15000;

const live = document.getElementById("live");
const state = document.getElementById("live-state");
const news = document.getElementById("live-news");
const pause = document.getElementById("live-pause");

let etag = "";
let timer = 0;
let failures = 0;
let asking = false;
let over = false;
let paused = false;

/** Ask once, and show what came. */
async function renew() {
  if (asking || over) return;
  asking = true;
  try {
    const answer = await fetch(live.dataset.url, {
      credentials: "same-origin",
      redirect: "manual",
      headers: etag ? { "If-None-Match": etag } : {},
      signal: AbortSignal.timeout(10000),
    });
    await take(answer);
  } catch {
    failures += 1;
    if (!paused) say("No connection. Trying again …", "bad");
  } finally {
    asking = false;
    schedule();
  }
}

async function take(answer) {
  if (answer.type === "opaqueredirect") return stop("You are signed out. Reload the page to sign in.");
  if (answer.status === 403 || answer.status === 404) return stop("You may not see this room any more.");
  if (answer.status !== 304 && !answer.ok) throw new Error(String(answer.status));
  failures = 0;
  if (answer.status === 200) {
    etag = answer.headers.get("ETag") ?? "";
    show(await answer.text());
  }
  // An answer that was under way must not say that it goes on.
  if (!paused) say(`As it was at ${new Date().toISOString().slice(11, 19)} UTC, renewed by itself.`, "good");
}

function stop(why) {
  over = true;
  pause.hidden = true;
  say(why, "bad");
  news.textContent = why;
}

function schedule() {
  clearTimeout(timer);
  if (over || paused || document.hidden) return;
  timer = setTimeout(renew, Math.min(EVERY_MS * 2 ** failures, SLOWEST_MS));
}

function say(text, tone) {
  state.textContent = text;
  state.className = `live-state ${tone}`;
}

/** Put the new fragment in the place of the old one, part by part. */
function show(text) {
  const fresh = document.createElement("div");
  fresh.innerHTML = text;
  const before = named();
  const focused = document.activeElement && live.contains(document.activeElement) ? document.activeElement.id : "";
  renewChildren(live, fresh);
  if (focused && document.activeElement?.id !== focused) refocus(focused);
  tellTime();
  tell(before, named());
}

/** Children are matched by id; one that is the same stays the very element that it was. */
function renewChildren(old, fresh) {
  const known = new Map([...old.children].filter((each) => each.id).map((each) => [each.id, each]));
  const wanted = [...fresh.children].map((child) => {
    const same = child.id && known.get(child.id);
    if (!same) return child;
    if (hasNamedChildren(child) && hasNamedChildren(same)) {
      renewAround(same, child);
      return same;
    }
    return asServed(same).isEqualNode(child) ? same : child;
  });
  wanted.forEach((child, place) => {
    if (old.children[place] !== child) old.insertBefore(child, old.children[place] ?? null);
  });
  while (old.children.length > wanted.length) old.lastElementChild.remove();
}

const hasNamedChildren = (element) => element.querySelector(":scope > [data-keyed]") !== null;

/** A section with a list: the list is renewed row by row, what stands around it as a whole. */
function renewAround(old, fresh) {
  const oldList = old.querySelector(":scope > [data-keyed]");
  const freshList = fresh.querySelector(":scope > [data-keyed]");
  renewChildren(oldList, freshList);
  freshList.replaceWith(oldList.cloneNode(true));
  const around = [...fresh.children];
  [...old.children].forEach((child, place) => {
    if (child !== oldList && !(around[place] && asServed(child).isEqualNode(around[place]))) {
      child.replaceWith(...(around[place] ? [around[place]] : []));
    }
  });
}

/** The element without what this script has written into it. */
function asServed(element) {
  const copy = element.cloneNode(true);
  copy.querySelectorAll(".ago").forEach((each) => each.remove());
  return copy;
}

/** Back to the control that was focused, or else to the page's title, so that the keyboard is never lost. */
function refocus(id) {
  (document.getElementById(id) ?? document.getElementById("live-title"))?.focus({ preventScroll: true });
}

/** What people would want to be told of, by id. Of whom nobody can say yet who they are is told when that is known. */
function named() {
  const found = live.querySelectorAll("[data-keyed] > [data-name]:not([data-pending])");
  return new Map([...found].map((each) => [each.id, each.dataset.name]));
}

function tell(before, after) {
  const heard = [];
  for (const [id, name] of after) {
    if (id.startsWith("order-") && before.get(id) !== name) heard.push(name);
    else if (!before.has(id)) heard.push(`${name} has come in`);
  }
  for (const [id, name] of before) {
    if (id.startsWith("person-") && !document.getElementById(id)) heard.push(`${name} has left`);
  }
  if (heard.length) news.textContent = `${heard.join(". ")}.`;
}

/** An order that was just given may be done before its page is loaded: that is news, too. */
function tellJustOrdered() {
  const order = live.querySelector("[data-ordered]");
  if (order && Date.now() - Date.parse(order.dataset.ordered) < JUST_NOW_MS) news.textContent = `${order.dataset.name}.`;
}

/** For how long, beside since when. */
function tellTime() {
  for (const time of live.querySelectorAll("time[data-since]")) {
    const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(time.dateTime)) / 60000));
    const text = minutes < 1 ? "just now" : minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
    let ago = time.querySelector(".ago");
    if (!ago) {
      ago = document.createElement("span");
      ago.className = "ago";
      time.append(ago);
    }
    if (ago.textContent !== ` (${text})`) ago.textContent = ` (${text})`;
  }
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  if (paused) {
    say("Paused. It is not renewed until you press the button again.", "warn");
    schedule();
  } else renew();
});
document.addEventListener("visibilitychange", () => (document.hidden || paused ? schedule() : renew()));
setInterval(tellTime, 15000);
tellTime();
tellJustOrdered();
renew();
