/** What moderators may do: the buttons, each asking once, and how each order went. */

import { banTerms, isSure } from "./asking.js";
import * as broker from "./broker.js";
import { nameOf } from "./people.js";
import { outcome, refusal } from "./words.js";

const FOLLOWED_MS = 500;
const LOOKED_MS = 2000;
const orders = document.getElementById("orders");
const lock = document.getElementById("lock");
const end = document.getElementById("end");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** A room as its moderator sees it through the API: whom it knows by which context, and which session it is. */
export class Moderation {
  constructor(roomId) {
    this.roomId = roomId;
    this.session = null;
    this.byContext = new Map();
    this.over = false;
    lock.onclick = () => this.lock();
    end.onclick = () => this.end();
    document.getElementById("moderating").hidden = false;
    this.look();
  }

  stop() {
    this.over = true;
    document.getElementById("moderating").hidden = true;
  }

  async look() {
    while (!this.over) {
      try {
        await this.update();
      } catch (refused) {
        console.info("the moderators' view is not up to date:", refused.message);
      }
      await pause(LOOKED_MS);
    }
  }

  async update() {
    const query = `filter[room_id]=${this.roomId}&filter[active]=true&include_participants=true`;
    const [sessions, room] = await Promise.all([
      broker.get(`/v2/room_sessions?${query}`),
      broker.get(`/v2/rooms/${this.roomId}`),
    ]);
    this.session = sessions[0] ?? null;
    const present = this.session?.participants.filter((person) => !person.left_at) ?? [];
    this.byContext = new Map(present.map((person) => [person.context, person]));
    end.disabled = !this.session;
    this.showLock(room.locked);
  }

  showLock(locked) {
    lock.setAttribute("aria-pressed", String(locked));
    lock.textContent = locked ? "Unlock the room" : "Lock the room";
  }

  /** What can be done about somebody who is in; nothing about oneself, whom the API has not heard of yet, or who cannot
   * be told from somebody else by what they show: the console can. */
  actsOn = (person) => {
    const known = this.byContext.get(person.context);
    if (person.me || person.twice || !known) return [];
    const named = { participants: [known.id] };
    const name = nameOf(person);
    return [
      person.muted
        ? { label: "Unmute", act: () => this.order(`Unmute ${name}`, "unmute", named) }
        : { label: "Mute", act: () => this.order(`Mute ${name}`, "mute", named) },
      { label: "Kick", act: () => this.kick(name, named) },
      { label: "Kick and ban", act: () => this.ban(name, named) },
    ];
  };

  async kick(name, named) {
    const text = `${name} is put out of the room now, and may come back.`;
    if (await isSure(`Kick ${name}?`, text, `Kick ${name}`)) await this.order(`Kick ${name}`, "kick", named);
  }

  async ban(name, named) {
    const text = `${name} is put out of the room now, and may not come back.`;
    const ban = await banTerms(`Kick and ban ${name}?`, text, `Ban ${name}`);
    if (ban) await this.order(`Ban ${name}`, "kick", { ...named, ban });
  }

  async end() {
    const text = "Everybody is put out, you too. While the room is open, people may come back.";
    if (await isSure("End the meeting for everybody?", text, "End it")) await this.order("End the meeting", "end");
  }

  async lock() {
    const locked = lock.getAttribute("aria-pressed") !== "true";
    const text = "Nobody new may enter until it is unlocked. Who is in stays in.";
    if (locked && !(await isSure("Lock the room?", text, "Lock it"))) return;
    const line = written(locked ? "Lock the room" : "Unlock the room");
    await toldIn(line, async () => {
      const room = await broker.patch(`/v2/rooms/${this.roomId}`, { locked });
      this.showLock(room.locked);
      line.say("done", "good");
    });
  }

  /** Gives an order, and follows it to its end. */
  async order(what, action, body = {}) {
    const line = written(what);
    await toldIn(line, async () => {
      const path = `/v2/room_sessions/${this.session.id}/actions/${action}`;
      const { operation_id: id } = await broker.post(path, body);
      await follow(id, line);
      await this.update();
    });
  }
}

async function follow(id, line) {
  for (;;) {
    const { state, last_error: error } = await broker.get(`/v2/operations/${id}`);
    const kind = { succeeded: "good", failed: "bad", cancelled: "warn" }[state];
    line.say(state === "failed" && error ? `${outcome(state)}: ${error}` : outcome(state), kind ?? "busy");
    if (kind) return;
    await pause(FOLLOWED_MS);
  }
}

/** A new line at the top of the orders, which says how it went. */
function written(what) {
  const line = document.createElement("li");
  const badge = document.createElement("span");
  line.append(`${what} `, badge);
  orders.prepend(line);
  const say = (text, kind) => Object.assign(badge, { textContent: text, className: `badge ${kind}` });
  say("ordered …", "busy");
  return { say };
}

async function toldIn(line, act) {
  try {
    await act();
  } catch (refused) {
    line.say(refusal(refused), "bad");
  }
}
