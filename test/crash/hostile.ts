/** Requests that must be refused and leave nothing (promise 9). Whatever they name has `bad-` in it. */

import type { Random } from "./random.ts";
import type { Write } from "./writes.ts";

export interface Hostile {
  readonly what: string;
  readonly method: "POST" | "PUT";
  readonly path: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
  /** What it may be answered with. */
  readonly statuses: readonly number[];
}

type Made = Partial<Pick<Hostile, "method" | "body" | "headers">> & { readonly path: string; readonly statuses: readonly number[] };

const READ = { type: "Read", data: { value: 1 } };
const OPAQUE = new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]);

/** @param earlier a write of this client that was acknowledged */
export function hostile(random: Random, name: string, earlier: Write | undefined): Hostile {
  const id = `bad-${name}`;
  const reading = `/streams/reading/${id}`;
  const text = (value: unknown) => JSON.stringify(value);
  const kinds: Readonly<Record<string, Made>> = {
    "data that does not fit": { path: reading, body: text({ type: "Read", data: { value: "one" } }), statuses: [400] },
    "a bad event after a good one": { path: reading, body: text({ events: [READ, { type: "Read", data: {} }] }), statuses: [400] },
    "an event type that is not declared": { path: reading, body: text({ type: "Wrote", data: {} }), statuses: [400] },
    "the same id twice": {
      path: reading,
      body: text({ events: [READ, READ].map((event) => ({ ...event, id: "0198c2a6-1111-7abc-8def-000000000001" })) }),
      statuses: [409],
    },
    "no JSON": { path: `/streams/note/${id}`, body: "{", statuses: [400] },
    "no UTF-8": { path: `/streams/note/${id}`, body: OPAQUE, statuses: [400] },
    "too much data": { path: `/streams/note/${id}`, body: text({ type: "Noted", data: { text: "x".repeat(150_000) } }), statuses: [413] },
    "a path that is no UTF-8": { path: `/streams/note/${id}%FF`, body: text({ type: "Noted", data: {} }), statuses: [400] },
    "another media type": { path: reading, body: "<read/>", headers: { "content-type": "application/xml" }, statuses: [415] },
    "a coding that nobody knows": { path: reading, body: text(READ), headers: { "content-encoding": "br" }, statuses: [415] },
    "gzip that is none": { path: reading, body: text(READ), headers: { "content-encoding": "gzip" }, statuses: [400] },
    "a key that is not ASCII": { path: reading, body: text(READ), headers: { "idempotency-key": `${id}-\u00fc` }, statuses: [400] },
    "a stale condition": { path: reading, body: text(READ), headers: { "if-match": '"7"' }, statuses: [412] },
    "a condition of a stream that must exist": { path: reading, body: text(READ), headers: { "if-match": "*" }, statuses: [412] },
    "a category that nobody declared": { path: `/streams/nowhere/${id}`, body: text(READ), statuses: [404] },
    "events for an aggregate": {
      path: `/streams/counter/${id}`,
      body: text({ type: "Counted", data: { by: 1, total: 1 } }),
      statuses: [409],
    },
    "a command that does not fit": { path: `/aggregates/counter/${id}/Count`, body: text({ by: "one" }), statuses: [400] },
    "a command that there is not": { path: `/aggregates/counter/${id}/Discount`, body: "{}", statuses: [404] },
    "a command that its rules refuse": { path: `/aggregates/counter/${id}/Count`, body: text({ by: 5_000 }), statuses: [422] },
    "a category of the code": { method: "PUT", path: "/streams/reading", body: "{}", statuses: [409] },
    "an import whose second line does not fit": {
      path: "/import",
      body: [{ stream: `note/${id}`, type: "Noted", data: 1 }, {}].map(text).join("\n"),
      statuses: [400],
    },
    ...(earlier?.headers["idempotency-key"] === undefined || earlier.imported
      ? {}
      : {
          "other content under a known key": {
            path: earlier.path,
            // What it was, and one member more.
            body: text({ ...(earlier.body as object), note: id, ...otherEvents(earlier.body, id) }),
            headers: { "idempotency-key": earlier.headers["idempotency-key"] },
            // A schema may take no further member; a stream may have ended.
            statuses: [400, 409, 410],
          },
        }),
  };
  const what = random.pick(Object.keys(kinds));
  const { method = "POST", body = "", headers = {}, ...made } = kinds[what] as Made;
  return { what, method, body, headers: { "content-type": "application/json", "correlation-id": id, ...headers }, ...made };
}

function otherEvents(body: unknown, id: string): object {
  const { events } = body as { events?: readonly { data: object }[] };
  return events === undefined ? {} : { events: events.map((event) => ({ ...event, data: { ...event.data, note: id } })) };
}
