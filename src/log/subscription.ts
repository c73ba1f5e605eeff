/** One live subscription: its state, kept with its socket, and how much may be under way to it. */

import { FEED_MESSAGE, FEED_UNANSWERED, FEED_WINDOW } from "./limits.ts";
import type { FeedFilter } from "../store/log-protocol.ts";

/** A socket's attachment. */
export interface Subscription {
  readonly filter: FeedFilter;
  /** Milliseconds since 1970 from which on nothing more is sent: the token that opened it has expired. */
  readonly until?: number;
  /** It answers checkpoints, and gets at most a window ahead of its answers. Absent: it was opened before this was a choice, and does. */
  readonly acknowledges?: boolean;
  /** Everything up to here has been sent, or does not pass the filter. */
  position: number;
  /** It knows that it has reached the head. */
  live: boolean;
  /** The position of the last checkpoint. */
  told: number;
  /** Characters sent since. */
  sent: number;
  /** Checkpoints that are not answered yet, with the characters sent up to each, and when that was (milliseconds since 1970). */
  readonly unanswered: { readonly position: number; readonly sent: number; readonly at: number }[];
}

/** Codes of RFC 6455, and of its registry. */
export const CLOSE = {
  normal: 1000,
  /** Means that the peer gave no code. Must not be sent. */
  noCode: 1005,
  /** Means that the connection broke. Must not be sent. */
  abnormal: 1006,
  policy: 1008,
  failed: 1011,
  /** "Service restart". */
  goOnElsewhere: 1012,
  tryLater: 1013,
} as const;

/** Whether so much is under way that nothing more is sent before an answer. */
export function isWaiting({ acknowledges = true, sent, unanswered }: Pick<Subscription, "acknowledges" | "sent" | "unanswered">): boolean {
  if (!acknowledges) return false;
  const underWay = unanswered.reduce((sum, checkpoint) => sum + checkpoint.sent, sent);
  return underWay >= FEED_WINDOW || unanswered.length >= FEED_UNANSWERED;
}

/** The position in a checkpoint that comes back, or undefined if it is not a checkpoint. */
export function checkpointIn(message: string | ArrayBuffer): number | undefined {
  if (typeof message !== "string" || message.length > FEED_MESSAGE) return undefined;
  try {
    return (JSON.parse(message) as { checkpoint?: { position?: number } } | null)?.checkpoint?.position;
  } catch {
    return undefined;
  }
}

export function subscriptionOf(socket: WebSocket): Subscription {
  return socket.deserializeAttachment() as Subscription;
}

export function save(socket: WebSocket, subscription: Subscription): void {
  socket.serializeAttachment(subscription);
}

export function close(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // It is closed already.
  }
}
