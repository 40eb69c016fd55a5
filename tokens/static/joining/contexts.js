/** Who somebody in the room is. Anybody can send any text as a context, so names are read from what videobroker signed. */

const known = new Map();
let keys;

/**
 * The identity, name and role in a context, and whether its signature was checked; null if it is none of ours, or of
 * another room: there, somebody may have been called otherwise, and have moderated.
 */
export function personIn(context) {
  if (!known.has(context)) {
    known.set(context, read(context).catch(() => (known.delete(context), null))); // asked again another time
  }
  return known.get(context);
}

async function read(context) {
  const [head, body, signature] = (context ?? "").split(".");
  const header = json(head);
  if (header?.typ !== "vbc+jwt" || !signature) return null;
  const checked = await isSigned(header.kid, `${head}.${body}`, bytes(signature));
  if (checked === false) return null;
  const { room, sub, name, role } = json(body);
  if (room !== document.body.dataset.room) return null;
  const called = text(name) || text(sub) || "Somebody";
  return { identity: text(sub) || null, name: called, role, checked: checked === true };
}

/** Where no signature was checked, anything may stand in the place of a text. */
const text = (value) => (typeof value === "string" ? value : "");

/** Whether the key of that id signed the text; undefined where this browser cannot tell. */
async function isSigned(keyId, text, signature) {
  const key = await keyOf(keyId);
  if (!key || !globalThis.crypto.subtle) return key ? undefined : false;
  try {
    const imported = await crypto.subtle.importKey("jwk", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, signature, new TextEncoder().encode(text));
  } catch (error) {
    if (error.name === "NotSupportedError") return undefined;
    throw error;
  }
}

/** The public key of that id. Keys change, so an unknown one is looked for anew. */
async function keyOf(id) {
  const ofId = (all) => all?.find(({ kid }) => kid === id);
  if (!ofId(await keys)) {
    keys = fetch("/.well-known/jwks.json").then(async (answer) => (await answer.json()).keys);
    keys.catch(() => (keys = undefined)); // a failure is not kept
  }
  const found = ofId(await keys);
  return found && { kty: found.kty, crv: found.crv, x: found.x };
}

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));

function json(text) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes(text)));
  } catch {
    return null; // not ours, whatever it is
  }
}
