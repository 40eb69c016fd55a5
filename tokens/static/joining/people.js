/** The list of who is in. It is changed where something changed, so that nobody's focus or reading place is lost. */

import { giveFocus } from "./asking.js";
import { personIn } from "./contexts.js";

const list = document.getElementById("people");
const rows = new Map();

/**
 * Shows these people.
 * @param {{id: string, context: ?string, muted: boolean, me: boolean}[]} people as the call shows them
 * @param {(person: object) => ?{label: string, act: () => void}[]} actsOn what a moderator may do about somebody
 */
export async function showPeople(people, actsOn) {
  const known = await Promise.all(people.map(async (each) => ({ ...each, ...(await personIn(each.context)) })));
  for (const each of known) each.twice = each.name && known.some((other) => isCopy(other, each));
  for (const [id, row] of rows) if (!known.some((each) => each.id === id)) remove(id, row);
  for (const each of known) update(rows.get(each.id) ?? add(each.id), each, actsOn(each));
  if (!known.length) list.replaceChildren(made("li", "faint", "Nobody."));
}

/** Everybody in a room can copy what another shows, so of two who show the same one is not who they say. */
const isCopy = (one, other) => one !== other && one.context === other.context;

/** What somebody is called; who shows no name that we vouch for is told apart by their id. */
export const nameOf = ({ name, id }) => name ?? `Guest ${id.slice(0, 4)}`;

function add(id) {
  const row = made("li");
  row.append(made("span", "avatar"), made("span", "name"), made("span", "badges"), made("span", "buttons"));
  row.firstChild.setAttribute("aria-hidden", "true");
  if (!rows.size) list.replaceChildren();
  rows.set(id, row);
  list.append(row);
  return row;
}

function remove(id, row) {
  const isFocused = row.contains(document.activeElement);
  row.remove();
  if (isFocused) giveFocus();
  rows.delete(id);
}

function update(row, person, acts) {
  const [avatar, name, badges, buttons] = row.children;
  say(avatar, nameOf(person).slice(0, 1).toUpperCase());
  say(name, nameOf(person) + (person.me ? " (you)" : ""));
  once(badges, badgesOf(person), ([text, kind]) => made("span", `badge ${kind}`, text));
  once(buttons, acts ?? [], ({ label, act }) => {
    const button = made("button", "small", label);
    button.setAttribute("aria-label", `${label}: ${nameOf(person)}`);
    button.addEventListener("click", act);
    return button;
  });
}

function* badges({ role, muted, name, checked, twice }) {
  if (twice) yield ["shown twice: one is not them", "warn"];
  if (role === "moderator") yield ["moderator", "busy"];
  if (muted) yield ["muted", "bad"];
  if (!name) yield ["not known", "warn"];
  else if (!checked) yield ["name not checked", "warn"];
}
const badgesOf = (person) => [...badges(person)];

/** Fills `place` if what it shows is not what it showed last. */
function once(place, things, make) {
  const shown = JSON.stringify(things);
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  const focused = [...place.children].indexOf(document.activeElement);
  place.replaceChildren(...things.map(make));
  if (focused >= 0) place.children[focused] ? place.children[focused].focus() : giveFocus();
}

function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function made(tag, className = "", text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
