/** What is said to people, in their words: why they may not enter, why they are out, how an order went. */

/** By the API's reasons (docs/reasons.md). What is missing here is said in the API's own words. */
const REFUSALS = {
  banned: "You are banned from this room.",
  closed: "This room is closed.",
  grant_revoked: "A moderator removed you from this room.",
  locked: "This room is locked. Nobody new may enter until a moderator unlocks it.",
  not_a_member: "You are not a member of this room. A moderator can add you.",
  not_found: "There is no such room, or it is not for you.",
  not_open_yet: "This room has not opened yet.",
  room_full: "This room is full.",
  tenant_suspended: "This service is suspended for your organisation.",
  too_many_requests: "That was too often. Wait a moment, and try again.",
  unreachable: "There is no connection.",
  upstream_unavailable: "The video service does not answer at the moment.",
  user_deactivated: "Your account was switched off. Ask whoever runs this service.",
};

/** By how Telnyx says somebody left. */
const DEPARTURES = {
  kicked: "A moderator removed you from this room.",
  session_ended: "The meeting was ended for everybody.",
  room_deleted: "This room was taken down.",
  token_expired: "Your connection was away for too long.",
};

const OUTCOMES = {
  pending: "ordered …",
  leased: "being carried out …",
  verifying: "sent, being checked …",
  succeeded: "done",
  failed: "failed",
  cancelled: "not needed any more",
};

export const refusal = ({ reason, message, detail }) => REFUSALS[reason] ?? sentence(message ?? detail ?? "");
export const departure = (why) => DEPARTURES[why] ?? "The call has ended.";
export const outcome = (state) => OUTCOMES[state] ?? state;

/** A time as the person's own clock shows it, with the day unless it is today. */
export function time(date) {
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString([], today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}

const sentence = (text) => text && `${text[0].toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
