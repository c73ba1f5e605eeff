/** CloudEvents 1.0, in and out. */

import { Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import { CLOUD_EVENT } from "../cloudevents-schema.ts";
import { type Service, read } from "./http.ts";

export function cloudevents({ freshStore }: Service): void {
  const STREAM = "/streams/sample/1";
  const STRUCTURED = { "content-type": "application/cloudevents+json; charset=UTF-8" };
  const BATCH = { "content-type": "application/cloudevents-batch+json" };
  const OUT = { accept: "application/cloudevents-batch+json" };

  const EVENT = {
    specversion: "1.0",
    type: "Read",
    source: "https://github.com/cloudevents/spec/pull",
    subject: "123",
    id: "A234-1234-1234",
    time: "2018-04-05T17:31:00Z",
    comexampleextension1: "value",
    comexampleothervalue: 5,
    datacontenttype: "application/json",
    data: { value: 1 },
  };

  const HEADERS = {
    "ce-specversion": "1.0",
    "ce-type": "Read",
    "ce-id": "1234-1234-1234",
    "ce-source": "/mycontext/subcontext",
    "ce-place": "Z%C3%BCrich%20%E2%82%AC",
    "content-type": "application/json; charset=utf-8",
  };

  /** A store whose writes wait for their position, however busy the machine is. */
  function store() {
    const one = freshStore("cloudevents");
    const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
      one.post(path, body, { prefer: "wait=30", ...headers });
    return { ...one, post };
  }

  async function cloudEvents(response: Response) {
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/cloudevents-batch+json");
    const events = await read(response);
    const schema = new Validator({ type: "array", items: CLOUD_EVENT } as never, "2020-12");
    expect(schema.validate(events).errors).toEqual([]);
    return events;
  }

  describe("CloudEvents that are sent in", () => {
    it("are accepted one by one, and read as they were sent", async () => {
      const { post, get, json } = store();
      const response = await post(STREAM, EVENT, STRUCTURED);
      expect(response.status).toBe(201);
      expect(await read(response)).toMatchObject({ stream: "sample/1", version: 1, position: 1, events: [{ type: "Read", version: 1 }] });
      expect(await cloudEvents(await get(STREAM, OUT))).toEqual([EVENT]);
      const { type: _type, time, data, specversion: _specversion, ...kept } = EVENT;
      expect((await json(STREAM)).events).toMatchObject([{ type: "Read", time, data, meta: { cloudevents: kept } }]);
    });

    it("are accepted as a batch, all or none", async () => {
      const { post, get } = store();
      const others = [
        EVENT,
        { ...EVENT, id: "B", source: "/other" },
        { specversion: "1.0", type: "Calibrated", id: "C", source: "/s", data: {} },
      ];
      expect((await post(STREAM, [...others, { ...EVENT, id: "D", data: { value: "high" } }], BATCH)).status).toBe(400);
      expect((await get(STREAM)).status).toBe(404);
      expect(await read(await post(STREAM, others, BATCH))).toMatchObject({ version: 3 });
      expect(await cloudEvents(await get(STREAM, OUT))).toEqual(others);
    });

    it("are accepted in binary mode", async () => {
      const { post, get } = store();
      expect((await post(STREAM, { value: 1 }, HEADERS)).status).toBe(201);
      expect(await cloudEvents(await get(STREAM, OUT))).toEqual([
        {
          specversion: "1.0",
          type: "Read",
          id: "1234-1234-1234",
          source: "/mycontext/subcontext",
          place: "Zürich €",
          datacontenttype: "application/json; charset=utf-8",
          data: { value: 1 },
        },
      ]);
    });

    it("promise 8: are stored once, however often they are sent", async () => {
      const { post, json } = store();
      const first = await post(STREAM, EVENT, STRUCTURED);
      const again = await post(STREAM, EVENT, STRUCTURED);
      expect(again.headers.get("idempotent-replayed")).toBe("true");
      expect(await read(again)).toEqual(await read(first));
      expect(await read(await post(STREAM, { ...EVENT, data: { value: 2 } }, STRUCTURED))).toMatchObject({ status: 409 });
      expect((await json(STREAM)).version).toBe(1);
      // The same id from another source is another event.
      expect((await post(STREAM, { ...EVENT, source: "/other" }, STRUCTURED)).status).toBe(201);
    });

    it("can be facts for a category, too", async () => {
      const { send, post, json, get } = store();
      await send("PUT", "/streams/measured", { key: "sensor", events: { Read: {} } });
      const event = { ...EVENT, data: { sensor: "roof", value: 1 } };
      expect(await read(await post("/streams/measured", event, STRUCTURED))).toMatchObject({ stream: "measured/roof" });
      expect(await read(await post("/streams/measured", { sensor: "cellar" }, HEADERS))).toMatchObject({ stream: "measured/cellar" });
      expect(await cloudEvents(await get("/streams/measured/roof", OUT))).toEqual([event]);
      expect(await read(await post("/streams/measured", { ...event, data: {} }, STRUCTURED))).toMatchObject({
        issues: [{ path: "data.sensor" }],
      });
      expect(await read(await post("/streams/measured", [event], BATCH))).toMatchObject({ status: 400, code: "invalid-request" });
      await send("PUT", "/streams/unkeyed", { events: { Read: {} } });
      const first = await read(await post("/streams/unkeyed", event, STRUCTURED));
      expect(await read(await post("/streams/unkeyed", event, STRUCTURED))).toEqual(first);
      expect((await json("/log")).head).toBe(3);
    });

    it.each<[what: string, headers: Record<string, string>, body: unknown, code: string, path: string | undefined]>([
      ["without a source", STRUCTURED, { ...EVENT, source: null }, "invalid-event", "source"],
      ["with data that is not an object", STRUCTURED, { ...EVENT, data: [1] }, "invalid-event", "data"],
      ["with data that does not fit", STRUCTURED, { ...EVENT, data: { value: "x" } }, "invalid-event", "data.value"],
      ["of an unknown type", STRUCTURED, { ...EVENT, type: "com.example.someevent" }, "invalid-event", "type"],
      ["whose attributes are too long", STRUCTURED, { ...EVENT, ext: "x".repeat(9_000) }, "body-too-large", undefined],
      ["in an invalid batch", BATCH, EVENT, "invalid-request", ""],
      ["in an empty batch", BATCH, [], "invalid-request", ""],
      ["the second of which is invalid", BATCH, [EVENT, { ...EVENT, specversion: "2.0" }], "invalid-event", "1.specversion"],
      ["the second of which does not fit", BATCH, [EVENT, { ...EVENT, id: "2", data: {} }], "invalid-event", "1.data.value"],
      ["that occur twice in one batch", BATCH, [EVENT, EVENT], "idempotency-conflict", undefined],
      ["in binary mode without an id", { ...HEADERS, "ce-id": "" }, { value: 1 }, "invalid-event", "id"],
      [
        "in binary mode with a media type as an attribute",
        { ...HEADERS, "ce-datacontenttype": "a/b" },
        { value: 1 },
        "invalid-event",
        "datacontenttype",
      ],
      ["in binary mode with an invalid encoding", { ...HEADERS, "ce-place": "%C0%A0" }, { value: 1 }, "invalid-event", "place"],
      ["in binary mode with data that is not an object", HEADERS, [1], "invalid-event", "data"],
      [
        "in binary mode with data that is not JSON",
        { ...HEADERS, "content-type": "text/xml" },
        "<a/>",
        "unsupported-media-type",
        undefined,
      ],
      ["in binary mode without a body", HEADERS, "", "invalid-event", "data"],
      ["in binary mode with a body that is not JSON", HEADERS, "{", "invalid-event", "data"],
      ["in another format", { "content-type": "application/cloudevents+avro" }, "x", "unsupported-media-type", undefined],
      ["in a batch of another format", { "content-type": "application/cloudevents-batch+proto" }, "x", "unsupported-media-type", undefined],
    ])("%s are refused, with the place", async (_what, headers, body, code, path) => {
      const { post, get } = store();
      const response = await post(STREAM, body, headers);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      const problem = await read(response);
      expect(problem).toMatchObject({ code, ...(path === undefined ? {} : { issues: [{ path }] }) });
      expect((await get(STREAM)).status).toBe(404);
    });
  });

  describe("CloudEvents that are read", () => {
    it("are a single one if the window has one", async () => {
      const { post, get } = store();
      for (let count = 0; count < 2; count++) await post("/aggregates/counter/one/Count", {});
      const one = { accept: "application/cloudevents+json" };
      const batch = await cloudEvents(await get("/streams/counter/one?positions=true", OUT));
      const answer = await get("/streams/counter/one?from=2&to=2&positions=true", one);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/cloudevents+json"]);
      expect(await answer.json()).toEqual(batch[1]);
      expect(await (await get("/log?after=1&limit=1", one)).json()).toEqual(batch[1]);
      expect(await (await get(`/log/events/${batch[1].id}`, one)).json()).toEqual(batch[1]);
      expect(await (await get(`/log/events/${batch[1].id}`, OUT)).json()).toEqual([batch[1]]);
      for (const path of ["/streams/counter/one", "/streams/counter/one?from=3", "/log"]) {
        expect(await read(await get(path, one))).toMatchObject({ status: 406, code: "not-acceptable" });
      }
    });

    it("are a form of any stream, page by page, with positions if asked for", async () => {
      const { post, get, store: name } = store();
      const [event] = (await read(await post("/aggregates/counter/a%20b/Count", {}))).events;
      await post("/aggregates/counter/a%20b/Count", {});
      const page = await get("/streams/counter/a%20b?limit=1&positions=true", OUT);
      expect(page.headers.get("etag")).toBe('"2"');
      expect(page.headers.get("link")).toMatch(/^<.*from=2.*>; rel="next"$/);
      expect(await cloudEvents(page)).toEqual([
        {
          specversion: "1.0",
          id: event.id,
          source: `/stores/${name}/streams/counter/a%20b`,
          type: "Counted",
          time: expect.stringMatching(/Z$/),
          datacontenttype: "application/json",
          streamversion: 1,
          logposition: "1",
          correlationid: expect.any(String),
          causationid: expect.any(String),
          data: { by: 1, total: 1 },
        },
      ]);
    });

    it("are only sent to a client that asks for them", async () => {
      const { post, get } = store();
      await post(STREAM, EVENT, STRUCTURED);
      for (const accept of ["*/*", "application/json", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"]) {
        expect((await get(STREAM, { accept })).headers.get("content-type")).toBe("application/json");
      }
      expect(
        (await get(STREAM, { accept: "application/json;q=0.5, application/cloudevents-batch+json" })).headers.get("content-type"),
      ).toBe(OUT.accept);
    });

    it("are an empty list if the window is empty", async () => {
      const { post, get } = store();
      await post(STREAM, EVENT, STRUCTURED);
      expect(await cloudEvents(await get(`${STREAM}?from=2`, OUT))).toEqual([]);
    });
  });
}
