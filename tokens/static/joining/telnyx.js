/** A call at Telnyx, through its own SDK: sound and picture of everybody, and the same view of it as of a simulated one. */

/**
 * Joins with what was minted. What comes back is a call: it takes new tokens, says who is in, and can be left.
 * @param {string} module where `@telnyx/video` is, as an ES module
 * @param {HTMLElement} videos where pictures go
 */
export async function enter(module, { telnyx_room_id, token, context }, videos) {
  const { initialize } = await import(module);
  const room = await initialize({ roomId: telnyx_room_id, clientToken: token, context });
  const tiles = new Tiles(room, videos);
  let why = null;
  const seeAll = () => tiles.show();
  const subscribe = (id, key) =>
    id === room.getLocalParticipant().id || room.addSubscription(id, key, { audio: true, video: true });

  room.on("connected", (state) => state.streams.forEach(({ participantId, key }) => subscribe(participantId, key)));
  room.on("stream_published", subscribe);
  room.on("state_changed", seeAll);
  room.on("participant_leaving", (id, reason) => {
    if (id === room.getLocalParticipant().id) why ??= reason;
  });
  room.on("disconnected", (reason) => (why ??= reason));
  await room.connect();
  const mine = await ownTracks();
  if (mine) await room.addStream("self", mine);
  seeAll();

  return {
    updateClientToken: (newer) => room.updateClientToken(newer),
    async leave() {
      for (const track of Object.values(mine ?? {})) track.stop();
      tiles.clear();
      await room.disconnect();
    },
    async see() {
      const state = room.getState();
      const people = [...state.participants.values()];
      return {
        present: state.status !== "disconnected",
        why,
        people: people.map(({ id, context: theirs }) => ({
          id, context: theirs, muted: isMuted(state, id), me: id === state.localParticipantId,
        })),
      };
    },
  };
}

const isMuted = (state, id) =>
  [...state.streams.values()].some((stream) => stream.participantId === id && stream.isAudioCensored);

/** Camera and microphone, as far as there are some and the person lets us: one can take part by watching. */
async function ownTracks() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    return { audio: stream.getAudioTracks()[0], video: stream.getVideoTracks()[0] };
  } catch (refused) {
    console.info("without camera and microphone:", refused.name);
    return null;
  }
}

/** A picture for each stream that has one; the others' with sound. */
class Tiles {
  constructor(room, videos) {
    this.room = room;
    this.videos = videos;
    this.shown = new Map();
  }

  show() {
    const { streams } = this.room.getState();
    for (const [id, video] of this.shown) if (!streams.has(id)) this.drop(id, video);
    for (const stream of streams.values()) this.showOne(stream);
    this.videos.hidden = !this.shown.size;
  }

  showOne({ id, origin, audioTrack, videoTrack }) {
    const tracks = [videoTrack, audioTrack].filter(Boolean);
    if (!tracks.length) return;
    const video = this.shown.get(id) ?? this.add(id, origin === "local");
    const had = video.srcObject.getTracks();
    for (const track of had) if (!tracks.includes(track)) video.srcObject.removeTrack(track);
    for (const track of tracks) if (!had.includes(track)) video.srcObject.addTrack(track);
  }

  add(id, mine) {
    const video = Object.assign(document.createElement("video"), {
      autoplay: true, playsInline: true, muted: mine, srcObject: new MediaStream(),
    });
    this.shown.set(id, video);
    this.videos.append(video);
    return video;
  }

  drop(id, video) {
    video.remove();
    this.shown.delete(id);
  }

  clear() {
    for (const [id, video] of this.shown) this.drop(id, video);
    this.videos.hidden = true;
  }
}
