/** Asking videobroker's API, as whoever is signed in: with a login token, or with this site's session cookie. */

import { Refused } from "../videobroker.js";

let loginToken = null;

/** From now on the person is whom this token of their identity provider names. */
export function signInWith(token) {
  loginToken = token;
}

/** What `joinToken` takes as `getUserToken`; nothing where the session cookie says who asks. */
export const userToken = () => (loginToken ? () => loginToken : undefined);

export const get = (path) => ask("GET", path);
export const post = (path, body) => ask("POST", path, body);
export const patch = (path, body) => ask("PATCH", path, body);

/** The answer's data. Throws `Refused`; with status 0 if there is no answer. */
async function ask(method, path, body) {
  let answer, content;
  try {
    answer = await fetch(path, { method, headers: headers(method), body: body && JSON.stringify(body) });
    content = await answer.json();
  } catch (lost) {
    throw new Refused(0, { detail: "there is no answer", meta: { reason: "unreachable" } }, lost);
  }
  if (!answer.ok) throw new Refused(answer.status, content.errors[0]);
  return content.data;
}

function headers(method) {
  const told = { "Content-Type": "application/json" };
  if (method === "POST") told["Idempotency-Key"] = crypto.getRandomValues(new Uint32Array(4)).join("-");
  if (loginToken) told.Authorization = `Bearer ${loginToken}`;
  else told["X-CSRFToken"] = document.cookie.match(/\bcsrftoken=([^;]+)/)?.[1] ?? "";
  return told;
}
