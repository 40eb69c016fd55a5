/** What `joinToken` is told. */
export interface JoinOptions {
  /** Where videobroker is, without a path; left out: where this page comes from. */
  url?: string;
  /** The room, by videobroker's id. */
  roomId: string;
  /**
   * The person's login: a JWT of your identity provider. Asked for before each request; `refused` is how the last one
   * failed, and with `status` 401 it takes a login that is not out of a cache. Left out: the session cookie of a site
   * that runs on the same Django, with its CSRF token. It may take its time, and is waited for: limit what it asks of
   * the network. If it throws, that is as a lost answer.
   */
  getUserToken?: (refused?: Refused) => string | Promise<string>;
  /** Seconds that each client token shall live, 10 to 3600; your tenant may cap it. */
  ttlSecs?: number;
  /** Shown to others, unless the member has a name in the room. */
  displayName?: string;
  /** Aborting it is leaving. */
  signal?: AbortSignal;
  /** Each token, the first one too. */
  onToken?: (minted: Minted) => void;
  /**
   * The room has to be joined anew with this: it was made anew at Telnyx, or the grant was, or the last token ended
   * while this device slept. Leave the old room, join, and `attach`. Without this, the token goes to the old room.
   */
  onRejoin?: (minted: Minted) => void;
  /** Something failed that is tried again: no answer, Telnyx away, too many requests, `updateClientToken`. */
  onTrouble?: (error: Refused | Error) => void;
  /** There are no more tokens: leave the room, and show `message`. Not called for `leave`. */
  onStop?: (refused: Refused) => void;
}

/** An answer of videobroker, as it came. */
export interface Minted {
  token: string;
  token_expires_at: string;
  refresh_token: string;
  refresh_token_expires_at: string;
  refresh_after: string;
  grant_id: string;
  telnyx_room_id: string;
  context: string;
}

/** What takes new tokens: the room of `@telnyx/video`, or anything else with this method. */
export interface TakesTokens {
  updateClientToken(token: string): unknown;
}

/** This tab's admission. */
export interface Lease {
  /** The newest answer. */
  readonly minted: Minted;
  /** From now on each token goes to this room, the newest one at once. */
  attach(room: TakesTokens): void;
  /** Ends it, and frees the seat. Closing the page does the same. Rejects if that could not be said; the seat then falls
   * free with the token. */
  leave(): Promise<void>;
}

/** Why there is no token. */
export class Refused extends Error {
  /** HTTP's; 0 without an answer. */
  readonly status: number;
  /** For programs: `banned`, `grant_revoked`, `closed`, `unreachable`, … */
  readonly reason: string;
  /** When it may help to ask again. */
  readonly retryAt?: Date | null;
  /** To be named when you ask about it. */
  readonly requestId?: string;
}

/** Mints a token, and keeps it fresh. Rejects with `Refused`; after half a minute without an answer too. */
export function joinToken(options: JoinOptions): Promise<Lease>;
