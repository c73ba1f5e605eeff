/** Every problem that streams, commands, the log and the service answer with, by its code. */

import { describe, expect, it } from "vitest";
import type { OpenApi } from "../../src/http/openapi/document.ts";
import { type ProblemCode, kindOfProblem } from "../../src/http/problem.ts";
import { EVENT_DATA_BYTES } from "../../src/core/limits.ts";
import { type Service, type Store, bearer, read } from "./http.ts";

type Problems = Partial<Record<ProblemCode, readonly [what: string, ask: (store: Store) => Promise<Response>][]>>;

const COUNT = "/aggregates/counter/1/Count";
const FACT = { type: "Raised", data: { from: "a", value: 1 } };
const ID = "0198c2a6-1111-7abc-8def-000000000001";
const CLOUD_EVENTS = { "content-type": "application/cloudevents+json" };

/** Those of other stations, and those that HTTP alone cannot bring about. */
const ELSEWHERE: Partial<Record<ProblemCode, string>> = {
  "view-rebuilding": "test/workers/views/queries-stale.test.ts",
  "unknown-consumer": "consumers",
  "action-not-possible": "consumers",
  "row-events-unknown": "test/workers/views/row-events.test.ts",
  "not-live": "test/workers/views/written.test.ts",
  "unknown-saga": "sagas",
  "saga-in-progress": "sagas",
  "state-unavailable": "test/workers/streams",
  "precondition-required": "test/workers/streams/commands.test.ts",
  "state-failed": "test/workers/faults/app-code.test.ts",
  "stored-by-newer-code": "test/workers/faults/stored-format.test.ts",
  "keys-unavailable": "test/workers/http/keys.test.ts",
  "store-placed": "test/workers/placement.test.ts",
  "placement-not-possible": "test/workers/placement.test.ts",
  "not-acceptable": "cloudevents",
  "unknown-webhook": "webhooks",
  "unknown-delivery": "webhooks",
  "delivery-ended": "webhooks",
  "replay-refused": "webhooks",
  "too-many-webhooks": "webhooks",
  "too-many-categories": "test/workers/http-streams/categories.test.ts",
  "category-was-in-code": "test/workers/http-streams/removed.test.ts",
  "too-many-definitions": "test/workers/definitions/declared.test.ts",
  "view-in-code": "test/workers/definitions/declared.test.ts",
  "processor-in-code": "test/workers/definitions/declared.test.ts",
  "name-in-use": "test/workers/definitions/declared.test.ts",
  "view-in-use": "test/workers/definitions/declared.test.ts",
  "unknown-processor": "test/workers/definitions/declared.test.ts",
  "unknown-source": "test/workers/sources/over-http.test.ts",
  "source-in-code": "test/workers/sources/over-http.test.ts",
  "queue-in-use": "test/workers/sources/over-http.test.ts",
  "too-many-versions": "test/workers/http-streams/categories.test.ts",
  "rate-limited": "test/workers/http/rate-limit.test.ts",
  "internal-error": "test/workers/http-streams/failing.test.ts",
  unavailable: "test/workers/http-streams/failing.test.ts",
  "auth-not-configured": "test/workers/http-streams/failing.test.ts",
};

export function problems({ fetch, freshStore }: Service): void {
  const PROBLEMS: Problems = {
    "invalid-json": [
      ["a command", ({ post }) => post(COUNT, "{")],
      ["an append", ({ post }) => post("/streams/alarm/1", "")],
      ["a fact", ({ post }) => post("/streams/meter", "[")],
      ["a definition", ({ send }) => send("PUT", "/streams/note", "no")],
      ["an import", ({ post }) => post("/import", "{\n")],
      ["a number that none is", ({ post }) => post("/streams/alarm/1", '{"type":"Raised","data":{"from":"a","value":1e999}}')],
      ["too much nesting", ({ post }) => post(COUNT, `{"a":${"[".repeat(64)}${"]".repeat(64)}}`)],
    ],
    "invalid-path": [["a stream id", ({ get }) => get("/streams/alarm/%E9")]],
    "invalid-header": [["a key", ({ post }) => post("/streams/alarm/1", FACT, { "idempotency-key": "a\tb" })]],
    "invalid-request": [
      ["a condition", ({ post }) => post(COUNT, {}, { "if-match": "3" })],
      ["two conditions", ({ post }) => post(COUNT, {}, { "if-match": '"3"', "if-none-match": "*" })],
      ["a stream id", ({ get }) => get("/streams/alarm/a%2Fb")],
      ["a time without seconds", ({ post }) => post("/streams/alarm/1", { ...FACT, time: "2026-11-21T06:00Z" })],
      ["a header of a webhook that would vanish", ({ post }) => post("/webhooks", '{"url":"http://a.test/","headers":{"__proto__":"a"}}')],
      ["a condition of a webhook that would", ({ post }) => post("/webhooks", '{"url":"http://a.test/","where":{"__proto__":{}}}')],
      ["a window", ({ get }) => get("/streams/alarm/1?from=-1")],
      ["a column of a view", ({ get }) => get("/views/totals?colour=red")],
      ["an operator", ({ get }) => get("/views/totals?total.like=1")],
      ["a sort", ({ get }) => get("/views/totals?sort=colour")],
      ["a cursor", ({ get }) => get("/views/totals?cursor=nonsense")],
      ["a parameter of a query", ({ get }) => get("/views/specimens/queries/byFlag?atLeast=many")],
      ["where a live view begins", ({ get }) => get("/views/totals?after=x", { accept: "text/event-stream" })],
      ["a filter of the log", ({ get }) => get("/log?kind=x")],
      ["a version of the state", ({ get }) => get("/aggregates/counter/1?version=x")],
      ["a wait", ({ get }) => get("/aggregates/counter/1/commands/k?wait=long")],
      ["a key that is too long", ({ post }) => post(COUNT, {}, { "idempotency-key": "k".repeat(257) })],
      ["an append without a type", ({ post }) => post("/streams/alarm/1", { data: {} })],
      ["an append without events", ({ post }) => post("/streams/alarm/1", { events: [] })],
      ["a type of the store's own", ({ post }) => post("/streams/alarm/1", { type: "$deleted", data: {} })],
      ["a definition", ({ send }) => send("PUT", "/streams/note", { surplus: 1 })],
      ["a name for a category", ({ send }) => send("PUT", "/streams/1st", {})],
      ["how to delete", ({ send }) => send("DELETE", "/streams/alarm/1?erase=perhaps")],
      ["an event's id in the log", ({ get }) => get("/log/events/1")],
      ["the name of a store", () => fetch("/stores/No%20Store/log")],
    ],
    "invalid-command": [["a command's data", ({ post }) => post(COUNT, { by: "two" })]],
    "invalid-event": [
      ["an event's data", ({ post }) => post("/streams/alarm/1", { type: "Raised", data: {} })],
      ["an event type", ({ post }) => post("/streams/alarm/1", { type: "Unknown", data: {} })],
      ["a fact", ({ post }) => post("/streams/alarm", { type: "Raised", data: { from: 1 } })],
      ["a CloudEvent", ({ post }) => post("/streams/alarm/1", { specversion: "0.3" }, CLOUD_EVENTS)],
      ["an imported event", ({ post }) => post("/import?validate=true", JSON.stringify({ stream: "alarm/1", type: "Raised", data: {} }))],
    ],
    unauthorized: [
      ["no token", ({ get }) => get("/log", { authorization: "" })],
      ["an unknown token", ({ post }) => post(COUNT, {}, { authorization: "Bearer guessed" })],
    ],
    forbidden: [
      ["a token without the right", ({ post }) => post(COUNT, {}, bearer("read"))],
      ["a token for another store", ({ get }) => get("/log", bearer("elsewhere"))],
    ],
    "unknown-view": [
      ["to query", ({ get }) => get("/views/nothing")],
      ["to follow", ({ get }) => get("/views/nothing", { accept: "text/event-stream" })],
    ],
    "unknown-row": [["a key", ({ get }) => get("/views/totals/nothing")]],
    "unknown-query": [["a name", ({ get }) => get("/views/specimens/queries/nothing")]],
    "query-failed": [["SQL that is wrong", ({ get }) => get("/views/specimens/queries/misspells")]],
    "view-behind": [
      ["a page", ({ get }) => get("/views/totals?minPosition=9", { prefer: "wait=0" })],
      ["a row", ({ get }) => get("/views/totals/1?minPosition=9", { prefer: "wait=0" })],
      ["a named query", ({ get }) => get("/views/specimens/queries/echo?text=x&minPosition=9", { prefer: "wait=0" })],
    ],
    "not-found": [
      ["a path", ({ get }) => get("/nothing")],
      ["a path of the service", () => fetch("/nothing")],
    ],
    "unknown-category": [
      ["to append", ({ post }) => post("/streams/nothing/1", FACT)],
      ["to send a fact", ({ post }) => post("/streams/nothing", {})],
      ["to read", ({ get }) => get("/streams/nothing/1")],
      ["to show", ({ get }) => get("/streams/nothing")],
      ["to retire", ({ send }) => send("DELETE", "/streams/nothing")],
      ["to delete from", ({ send }) => send("DELETE", `/streams/${"a".repeat(3_000)}/1`)],
      ["whose name is two", ({ send }) => send("DELETE", "/streams/alarm%2F1/1")],
      ["to import", ({ post }) => post("/import", JSON.stringify({ stream: "nothing/1", type: "Raised", data: {} }))],
    ],
    "unknown-aggregate": [
      ["to command", ({ post }) => post("/aggregates/nothing/1/Count", {})],
      ["to look at", ({ get }) => get("/aggregates/nothing/1")],
      ["to ask", ({ get }) => get("/aggregates/nothing/1/commands/k")],
    ],
    "unknown-command": [["a command", ({ post }) => post("/aggregates/counter/1/Nothing", {})]],
    "unknown-command-id": [["a command's outcome", ({ get }) => get("/aggregates/counter/1/commands/none")]],
    "unknown-version": [
      [
        "a state",
        async ({ post, get }) => {
          await post(COUNT, {});
          return get("/aggregates/counter/1?version=2");
        },
      ],
    ],
    "unknown-stream": [
      ["to read", ({ get }) => get("/streams/alarm/1")],
      ["to read as lines", ({ get }) => get("/streams/alarm/1", { accept: "application/x-ndjson" })],
      ["to delete", ({ send }) => send("DELETE", "/streams/alarm/1")],
      ["to look at", ({ get }) => get("/aggregates/counter/1")],
    ],
    "method-not-allowed": [
      ["of a stream", ({ send }) => send("PUT", "/streams/alarm/1", {})],
      ["of a command", ({ get }) => get(COUNT)],
      ["of the log", ({ post }) => post("/log", {})],
      ["of the service", () => fetch("/health", { method: "POST", body: "{}" })],
    ],
    "position-beyond-head": [
      ["a page", ({ get }) => get("/log?after=1")],
      ["an export", ({ get }) => get("/log?after=1", { accept: "application/x-ndjson" })],
      ["a subscription", ({ get }) => get("/log", { accept: "text/event-stream", "last-event-id": "1" })],
      ["a live view", ({ get }) => get("/views/totals?after=1", { accept: "text/event-stream" })],
      ["a webhook", ({ post }) => post("/webhooks", { url: "http://a.test/", from: 1 })],
    ],
    "category-has-rules": [
      ["to append", ({ post }) => post("/streams/counter/1", { type: "Counted", data: { by: 1, total: 1 } })],
      ["to send a fact", ({ post }) => post("/streams/counter", { by: 1, total: 1 })],
    ],
    "idempotency-conflict": [
      [
        "a command's key with other data",
        async ({ post }) => {
          await post(COUNT, { by: 1 }, { "idempotency-key": "k" });
          return post(COUNT, { by: 2 }, { "idempotency-key": "k" });
        },
      ],
      [
        "an append's key with other events",
        async ({ post }) => {
          await post("/streams/alarm/1", FACT, { "idempotency-key": "k" });
          return post("/streams/alarm/1", { events: [FACT, FACT] }, { "idempotency-key": "k" });
        },
      ],
      [
        "an id twice",
        ({ post }) =>
          post("/streams/alarm/1", {
            events: [
              { ...FACT, id: ID },
              { ...FACT, id: ID },
            ],
          }),
      ],
      [
        "an append of which part is known",
        async ({ post }) => {
          await post("/streams/alarm/1", { ...FACT, id: ID });
          return post("/streams/alarm/1", { events: [{ ...FACT, id: ID }, FACT] });
        },
      ],
      [
        "an imported event with other content",
        async ({ post }) => {
          await post("/streams/alarm/1", { ...FACT, id: ID });
          return post("/import", JSON.stringify({ ...FACT, data: { from: "b", value: 1 }, id: ID, stream: "alarm/1" }));
        },
      ],
    ],
    "declared-in-code": [
      ["to declare", ({ send }) => send("PUT", "/streams/counter", {})],
      ["to retire", ({ send }) => send("DELETE", "/streams/alarm")],
    ],
    "incompatible-schema": [
      [
        "a narrower schema",
        async ({ send }) => {
          await send("PUT", "/streams/note", { schema: true });
          return send("PUT", "/streams/note", { schema: { required: ["a"] } });
        },
      ],
    ],
    "category-retired": (
      [
        ["to show", ({ get }) => get("/streams/note")],
        ["to declare again", ({ send }) => send("PUT", "/streams/note", {})],
        ["to read", ({ get }) => get("/streams/note/1")],
        ["to append", ({ post }) => post("/streams/note/1", { type: "Noted", data: {} })],
        ["to send a fact", ({ post }) => post("/streams/note", { type: "Noted", data: {} })],
        ["to import", ({ post }) => post("/import", JSON.stringify({ stream: "note/1", type: "Noted", data: {}, id: ID }))],
      ] satisfies Problems[ProblemCode]
    ).map(([what, ask]) => [
      what,
      async (store) => {
        await store.send("PUT", "/streams/note", {});
        await store.send("DELETE", "/streams/note");
        return ask(store);
      },
    ]),
    "stream-deleted": (
      [
        ["to read", ({ get }) => get("/streams/counter/1")],
        ["to look at", ({ get }) => get("/aggregates/counter/1")],
        ["to command", ({ post }) => post(COUNT, {})],
        ["to ask", ({ get }) => get("/aggregates/counter/1/commands/k")],
        ["to delete", ({ send }) => send("DELETE", "/streams/counter/1")],
        [
          "to import",
          ({ post }) => post("/import", JSON.stringify({ stream: "counter/1", type: "Counted", data: { by: 1, total: 9 }, id: ID })),
        ],
      ] satisfies Problems[ProblemCode]
    ).map(([what, ask]) => [
      what,
      async (store) => {
        await store.post(COUNT, {}, { "idempotency-key": "k" });
        await store.send("DELETE", "/streams/counter/1");
        return ask(store);
      },
    ]),
    "version-conflict": [
      ["a command", ({ post }) => post(COUNT, {}, { "if-match": '"3"' })],
      ["an append", ({ post }) => post("/streams/alarm/1", FACT, { "if-match": "*" })],
      [
        "a stream that must not exist",
        async ({ post }) => {
          await post("/streams/alarm/1", FACT);
          return post("/streams/alarm/1", FACT, { "if-none-match": "*" });
        },
      ],
      [
        "a deletion",
        async ({ post, send }) => {
          await post("/streams/alarm/1", FACT);
          return send("DELETE", "/streams/alarm/1", undefined, { "if-match": '"7"' });
        },
      ],
    ],
    "body-too-large": [
      ["a command", ({ post }) => post(COUNT, { note: "x".repeat(300_000) })],
      [
        "an event's data",
        ({ post }) => post("/streams/alarm/1", { type: "Raised", data: { from: "x".repeat(EVENT_DATA_BYTES), value: 1 } }),
      ],
      ["an event's meta", ({ post }) => post("/streams/alarm/1", { ...FACT, meta: { note: "x".repeat(9_000) } })],
      ["a definition", ({ send }) => send("PUT", "/streams/note", { description: "x".repeat(300_000) })],
      ["a line of an import", ({ post }) => post("/import", "x".repeat(200_000))],
    ],
    "unsupported-media-type": [
      ["a command", ({ post }) => post(COUNT, "<count/>", { "content-type": "application/xml" })],
      ["a form of CloudEvents", ({ post }) => post("/streams/alarm/1", "x", { "content-type": "application/cloudevents+avro" })],
    ],
    "command-refused": [["a command", ({ post }) => post(COUNT, { by: 5_000 })]],
    "command-failed": [["a command", ({ post }) => post("/aggregates/counter/1/Throw", {})]],
  };

  describe.each(Object.entries(PROBLEMS))("the problem %s", (code, cases) => {
    const { status, title } = kindOfProblem(code as ProblemCode);

    it.each(cases)(`is ${status}: %s`, async (_what, ask) => {
      const response = await ask(freshStore("problems"));
      expect([response.status, response.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
      const problem = await read(response);
      expect(problem).toMatchObject({ type: `/problems/${code}`, title, status, code, detail: expect.any(String) });
    });
  });

  it("all problems are in this table, or in another station's tests", async () => {
    const { paths } = (await read(await fetch("/openapi.json"))) as OpenApi;
    const answers = Object.values(paths).flatMap((methods) => Object.values(methods).flatMap(({ responses }) => Object.values(responses)));
    const documented = new Set(answers.flatMap(({ content }) => codesIn(content?.["application/problem+json"]?.schema)));
    const known = new Set([...Object.keys(PROBLEMS), ...Object.keys(ELSEWHERE)]);
    expect([...documented].filter((code) => !known.has(code))).toEqual([]);
    // What no operation documents is what a path answers to methods that it does not take.
    expect([...known].filter((code) => !documented.has(code)).toSorted()).toEqual(["method-not-allowed"]);
  });
}

/** The codes that a documented answer may have. */
function codesIn(schema: object | undefined): string[] {
  const { allOf = [] } = (schema ?? {}) as { allOf?: { properties?: { code: { enum: string[] } } }[] };
  return allOf.flatMap(({ properties }) => properties?.code.enum ?? []);
}
