/**
 * The display at the door of a room: follows the bookings live, with a token that can read this one view and send one command.
 *
 *     npm run door -- atlas
 */

import { createClient } from "headspring/client";
import type { app } from "../src/app.ts";

const [room] = process.argv.slice(2);
if (room === undefined) throw new Error("name the room: npm run door -- atlas");
const { STORE_URL = "http://localhost:8787", DOOR_TOKEN: token } = process.env;
const store = createClient<typeof app>(STORE_URL, token === undefined ? {} : { token });

interface Meeting {
  readonly booking: number;
  readonly begins: string;
  readonly ends: string;
  readonly checkedIn: boolean;
}
const meetings = new Map<string, Meeting>();

for await (const change of store.views.doors.live({ room })) {
  if (change.type === "rows") {
    meetings.clear();
    for (const [key, row] of change.rows) meetings.set(key, row);
  } else if (change.type === "row") meetings.set(change.key, change.row);
  else meetings.delete(change.key);
  console.log(shown());
}

function shown(): string {
  const now = new Date().toISOString();
  const toCome = [...meetings.values()].filter(({ ends }) => ends > now).toSorted((one, other) => (one.begins < other.begins ? -1 : 1));
  const [next] = toCome;
  if (next === undefined) return `${room} is free`;
  if (next.begins > now) return `${room} is free until ${next.begins}`;
  return `${room} is taken until ${next.ends}${next.checkedIn ? "" : `; check in to booking ${next.booking}`}`;
}
