/**
 * A calendar that follows the rooms by a webhook: it accepts what is signed, ignores what it has handled, and shows the meetings as
 * iCalendar at the same address.
 *
 *     CALENDAR_SECRET=whsec_… npm run calendar
 */

import { type IncomingHttpHeaders, createServer } from "node:http";
import { text } from "node:stream/consumers";
import { type EventOf, streamIdOf } from "headspring";
import { Webhook } from "standardwebhooks";
import type { room } from "../src/room.ts";

const { CALENDAR_SECRET: secret, PORT: port = "9002" } = process.env;
if (secret === undefined)
  throw new Error("CALENDAR_SECRET is the secret that signs the deliveries: whsec_ and the base64 of 24 to 64 bytes");
const webhook = new Webhook(secret);

/** In production both are tables, and one transaction writes to them. */
const handled = new Set<string>();
const meetings = new Map<string, { begins: string; ends: string; title: string }>();

createServer((request, response) => {
  if (request.method === "GET") response.writeHead(200, { "content-type": "text/calendar" }).end(iCalendar());
  else void text(request).then((body) => response.writeHead(receive(request.headers, body)).end());
}).listen(Number(port), () => console.log(`the calendar is at http://localhost:${port}`));

/** @param body as it was sent: the signature covers these bytes */
function receive(headers: IncomingHttpHeaders, body: string): number {
  try {
    webhook.verify(body, headers as Record<string, string>);
  } catch {
    return 401;
  }
  const id = String(headers["webhook-id"]);
  if (!handled.has(id)) take((JSON.parse(body) as { data: EventOf<typeof room> }).data);
  handled.add(id);
  return 204;
}

/** The events of one room arrive in order. */
function take(event: EventOf<typeof room>): void {
  if (event.type === "RoomOpened" || event.type === "CheckedIn") return;
  const id = `${streamIdOf(event.stream)}-${event.data.booking}`;
  const meeting = meetings.get(id);
  if (event.type === "SlotBooked") meetings.set(id, event.data);
  else if (event.type !== "BookingExtended") meetings.delete(id);
  else if (meeting !== undefined) meetings.set(id, { ...meeting, ends: event.data.ends });
  console.log(`${event.type} ${id}`);
}

function iCalendar(): string {
  const events = [...meetings].flatMap(([id, { begins, ends, title }]) => [
    "BEGIN:VEVENT",
    `UID:${id}`,
    `DTSTAMP:${stamp(begins)}`,
    `DTSTART:${stamp(begins)}`,
    `DTEND:${stamp(ends)}`,
    `SUMMARY:${title.replaceAll(/[\\;,]/g, String.raw`\$&`).replaceAll(/\r?\n/g, String.raw`\n`)}`,
    "END:VEVENT",
  ]);
  return ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//headspring//rooms//EN", ...events, "END:VCALENDAR", ""].join("\r\n");
}

function stamp(time: string): string {
  return time.replaceAll(/[-:]|\.\d+/g, "");
}
