/**
 * The waiting list of a room: a process manager, whose instances have the ids of the rooms. Clients that found a slot taken join it. When a
 * booking goes away, the first that waits for a part of its time is booked; if the room refuses, the next one is tried.
 * Stored names: `waiting-list` and its events; version them with care.
 */

import { at, cancel, event, nothing, processManager, refuse, send, streamIdOf } from "headspring";
import * as z from "zod";
import { About, room } from "./room.ts";
import { Slot, StoredSlot, overlap } from "./time.ts";

/** Each has a timer, and a stream has at most 1,000 of them. */
const MOST_WAITING = 200;
/** Refusals that may turn into a booking later. After any other one, waiting is in vain. */
const PASSING = new Set(["slot-taken", "too-many-bookings"]);

/** A waiter is numbered by the version of the event, as a booking is. */
const Numbered = z.object({ waiting: z.int().positive() });
const Waiter = z.object({ ...Numbered.shape, ...StoredSlot.shape, ...About.shape });
type Waiter = Readonly<z.infer<typeof Waiter>>;

export interface WaitingList {
  /** In the order in which they came. */
  readonly waiters: readonly Waiter[];
  /** The waiters that the room is to be asked about. */
  readonly due: readonly number[];
  /** The waiter that the room is being asked about; 0: none. One at a time, so that the first has the first chance. */
  readonly asking: number;
}

export const waitingList = processManager("waiting-list", {
  description: "Books a slot that becomes free for the first that waits for it.",
  from: room,
  to: [room],
  correlate: {
    BookingCancelled: ({ stream }) => streamIdOf(stream),
    NoShowReleased: ({ stream }) => streamIdOf(stream),
  },
  events: {
    WaiterJoined: Waiter,
    /** The time of these may be free now. */
    TurnCame: z.object({ waiting: z.array(z.int()) }),
    RoomAsked: Numbered,
    WaiterBooked: Numbered.extend({ booking: z.int() }),
    WaiterRefused: Numbered.extend({ reason: z.string() }),
    /** Waits no more, and has no room. */
    WaiterLeft: Waiter.extend({ reason: z.string() }),
  },
  commands: { Join: Slot.safeExtend(About.shape), Leave: Numbered },
  timeouts: { TimeIsOver: Numbered },
  initialState: (): WaitingList => ({ waiters: [], due: [], asking: 0 }),
  evolve: {
    WaiterJoined: (state, waiter) => ({ ...state, waiters: [...state.waiters, waiter] }),
    TurnCame: (state, { waiting }) => ({ ...state, due: [...state.due.filter((one) => !waiting.includes(one)), ...waiting] }),
    RoomAsked: (state, { waiting }) => ({ ...state, asking: waiting, due: state.due.filter((one) => one !== waiting) }),
    WaiterBooked: (state, { waiting }) => ({ ...without(state, waiting), asking: 0 }),
    WaiterRefused: (state) => ({ ...state, asking: 0 }),
    WaiterLeft: (state, { waiting }) => without(state, waiting),
  },
  decide: {
    Join: (state, wanted, { now, id, version }) => {
      if (wanted.ends <= now.toISOString()) return refuse("over");
      if (state.waiters.length >= MOST_WAITING) return refuse("too-many-wait", { waiting: MOST_WAITING });
      const waiter = { waiting: version + 1, ...wanted };
      return [
        event("WaiterJoined", waiter),
        at(wanted.ends, "TimeIsOver", { waiting: waiter.waiting }, { key: `${waiter.waiting}` }),
        // The slot may have become free since the client was refused.
        ...turnsOf([waiter], { ...state, waiters: [...state.waiters, waiter] }, id),
      ];
    },
    Leave: (state, { waiting }) => {
      const waiter = state.waiters.find((one) => one.waiting === waiting);
      return waiter === undefined ? refuse("not-waiting") : leaves(waiter, "left");
    },
  },
  on: {
    BookingCancelled: (state, { data }, { id }) => turnsOf(waitingFor(state, data), state, id),
    NoShowReleased: (state, { data }, { id }) => turnsOf(waitingFor(state, data), state, id),
  },
  onAccepted: {
    Book: (state, { events }, { id }) => {
      const booking = events.find((one) => one.type === "SlotBooked")?.data.booking ?? 0;
      const isWaiting = state.waiters.some(({ waiting }) => waiting === state.asking);
      return [
        event("WaiterBooked", { waiting: state.asking, booking }),
        cancel("TimeIsOver", { key: `${state.asking}` }),
        // Left while the room was being asked: the booking is undone, which frees the slot for the next one.
        ...(isWaiting ? [] : [send(room, id, "Cancel", { booking })]),
        ...askNext(without(state, state.asking), id),
      ];
    },
  },
  onRefused: { Book: (state, { reason }, { id }) => refused(state, reason, id) },
  onFailed: { Book: (state, { reason }, { id }) => refused(state, reason, id) },
  onTimeout: {
    TimeIsOver: (state, { waiting }) => {
      const waiter = state.waiters.find((one) => one.waiting === waiting);
      return waiter === undefined ? nothing() : event("WaiterLeft", { ...waiter, reason: "nothing-became-free" });
    },
  },
});

function waitingFor(state: WaitingList, freed: Slot): readonly Waiter[] {
  return state.waiters.filter((waiter) => overlap(waiter, freed));
}

/** Their turn has come. While the room is being asked for somebody, they are due when it has answered. */
function turnsOf(waiters: readonly Waiter[], state: WaitingList, id: string) {
  if (waiters.length === 0) return [];
  const waiting = waiters.map((one) => one.waiting);
  return [event("TurnCame", { waiting }), ...(state.asking === 0 ? askNext({ ...state, due: waiting }, id) : [])];
}

/** Asks the room for the first that is due and still waits. */
function askNext({ waiters, due }: WaitingList, id: string) {
  const first = waiters.find(({ waiting }) => due.includes(waiting));
  if (first === undefined) return [];
  const { waiting, ...wanted } = first;
  return [event("RoomAsked", { waiting }), send(room, id, "Book", wanted)];
}

function refused(state: WaitingList, reason: string, id: string) {
  const answer = event("WaiterRefused", { waiting: state.asking, reason });
  const waiter = state.waiters.find(({ waiting }) => waiting === state.asking);
  // With a refusal of the other kind it would be refused again and again.
  if (waiter === undefined || PASSING.has(reason)) return [answer, ...askNext(state, id)];
  return [answer, ...leaves(waiter, reason), ...askNext(without(state, waiter.waiting), id)];
}

function leaves(waiter: Waiter, reason: string) {
  return [event("WaiterLeft", { ...waiter, reason }), cancel("TimeIsOver", { key: `${waiter.waiting}` })];
}

function without(state: WaitingList, waiting: number): WaitingList {
  const others = state.waiters.filter((one) => one.waiting !== waiting);
  return { ...state, waiters: others, due: state.due.filter((one) => one !== waiting) };
}
