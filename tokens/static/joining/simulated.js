/** A call in the simulator: what `@telnyx/video` would do, without sound or picture. */

/**
 * Joins with what was minted. What comes back is a call: it takes new tokens, says who is in, and can be left.
 * @param {string} simulator where it is
 */
export async function enter(simulator, { token, context }) {
  const { participant_id: me } = await ask("POST", "join", { token, context });
  let gone = false;
  return {
    updateClientToken: (newer) => ask("POST", "renew", { participant_id: me, token: newer }),
    leave: async () => gone || ask("POST", "leave", { participant_id: me }, { keepalive: true }),
    /** Whether one was heard: not while one is muted. */
    speak: () => ask("POST", "speak", { participant_id: me }).then(() => true, (refused) => notHeard(refused)),
    async see() {
      const seen = await ask("GET", `participants/${me}/company`);
      gone = !seen.me.present;
      return {
        present: seen.me.present,
        why: seen.me.left_reason,
        people: seen.participants.map((each) => ({
          id: each.participant_id,
          context: each.context,
          muted: each.muted,
          me: each.participant_id === me,
        })),
      };
    },
  };

  async function ask(method, path, body, more) {
    const answer = await fetch(`${simulator}/_simulator/${path}`, {
      method, body: body && JSON.stringify(body), cache: "no-store", ...more,
    });
    const { data, errors } = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(errors[0].detail), { status: answer.status });
    return data;
  }
}

function notHeard(refused) {
  if (refused.status === 409) return false;
  throw refused;
}
