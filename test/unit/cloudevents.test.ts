import { Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../../src/core/event.ts";
import { cloudEventJson } from "../../src/core/cloudevents.ts";
import { fromCloudEvent, fromHeaders } from "../../src/http/cloudevents.ts";
import { CLOUD_EVENT } from "../cloudevents-schema.ts";

/** The example with JSON data that the JSON format gives, re-created. */
const EXAMPLE = {
  specversion: "1.0",
  type: "com.example.someevent",
  source: "/mycontext",
  subject: null,
  id: "C234-1234-1234",
  time: "2018-04-05T17:31:00Z",
  comexampleextension1: "value",
  comexampleothervalue: 5,
  datacontenttype: "application/json",
  data: { appinfoA: "abc", appinfoB: 123, appinfoC: true },
};

const UUID = "0198C2A6-1111-7ABC-8DEF-000000000001";

/** What a CloudEvent becomes when it is stored. */
function stored(value: unknown): StoredEvent {
  const event = fromCloudEvent(value);
  if ("issues" in event) throw new Error(JSON.stringify(event.issues));
  const { id, type, time = null, data, meta } = event;
  return {
    version: 3,
    id,
    type,
    time,
    data: JSON.stringify(data),
    meta: JSON.stringify(meta),
    recordedAt: 1_700_000_000_000,
    schemaVersion: 1,
  };
}

function issuesOf(value: unknown) {
  const event = fromCloudEvent(value);
  return "issues" in event ? event.issues : [];
}

function out(event: StoredEvent, position?: number, store = "default") {
  const cloudEvent = JSON.parse(cloudEventJson(store, "order/a b", event, position));
  expect(new Validator(CLOUD_EVENT as never, "2020-12").validate(cloudEvent).errors).toEqual([]);
  return cloudEvent;
}

describe("a CloudEvent that was received", () => {
  it("is sent out as it was received, without members that were null", () => {
    const { subject: _null, ...rest } = EXAMPLE;
    expect(out(stored(EXAMPLE))).toEqual(rest);
  });

  it.each([
    ["only the required attributes", { specversion: "1.0", type: "T", source: "/s", id: "1", data: {} }],
    ["every attribute", { ...EXAMPLE, subject: "larger-context", dataschema: "https://example.com/schema", flag: true, empty: "" }],
    ["a source that is a URN", { ...EXAMPLE, subject: "s", source: "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66" }],
    ["a source that is a mail address", { ...EXAMPLE, subject: "s", source: "mailto:someone@example.com" }],
    ["a source that is a number", { ...EXAMPLE, subject: "s", source: "1-555-123-4567" }],
    ["a UUID in capitals", { ...EXAMPLE, subject: "s", id: UUID }],
    ["another media type of JSON", { ...EXAMPLE, subject: "s", datacontenttype: "application/vnd.x+json; charset=utf-8" }],
    ["a time with microseconds and an offset", { ...EXAMPLE, subject: "s", time: "2018-04-05T17:31:00.123456+05:30" }],
  ])("with %s is sent out as it was received", (_what, value) => {
    expect(out(stored(value))).toEqual(value);
    expect(out(stored(value), 12)).toEqual({ logposition: "12", ...value });
  });

  it("has its position in this store, not the one that it had at its origin", () => {
    const forwarded = { ...EXAMPLE, subject: "s", logposition: "7" };
    const { logposition: _there, ...rest } = forwarded;
    expect(out(stored(forwarded), 12)).toEqual({ ...rest, logposition: "12" });
    expect(out(stored(forwarded))).toEqual(rest);
  });

  it("keeps its id if that is a UUID, and otherwise gets a UUID, the same one every time", () => {
    expect(stored({ ...EXAMPLE, id: UUID }).id).toBe(UUID.toLowerCase());
    const { id } = stored(EXAMPLE);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(stored({ ...EXAMPLE, data: {} }).id).toBe(id);
    expect(stored({ ...EXAMPLE, source: "/another" }).id).not.toBe(id);
    expect(stored({ ...EXAMPLE, id: "another" }).id).not.toBe(id);
  });

  it("continues the conversation that its correlation extension names", () => {
    const value = { ...EXAMPLE, subject: "s", correlationid: "c", causationid: "b" };
    expect(JSON.parse(stored(value).meta)).toMatchObject({ correlationId: "c", causationId: "b" });
    expect(out(stored(value))).toEqual(value);
  });
});

describe("an event that was not received as a CloudEvent", () => {
  const EVENT: StoredEvent = {
    version: 3,
    id: UUID.toLowerCase(),
    type: "OrderPlaced",
    data: '{"customer": "a customer"}',
    meta: '{"correlationId":"c","causationId":"b","other":{"x":1}}',
    time: null,
    recordedAt: 1_700_000_000_000,
    schemaVersion: 1,
  };

  it("names its stream as the source", () => {
    expect(out(EVENT)).toEqual({
      specversion: "1.0",
      id: EVENT.id,
      source: "/streams/order/a%20b",
      type: "OrderPlaced",
      time: "2023-11-14T22:13:20.000Z",
      datacontenttype: "application/json",
      streamversion: 3,
      correlationid: "c",
      causationid: "b",
      data: { customer: "a customer" },
    });
    expect(out(EVENT, 9_007_199_254_740_991, "mine")).toMatchObject({
      source: "/stores/mine/streams/order/a%20b",
      logposition: "9007199254740991",
    });
  });

  it("keeps the writer's own time, and has the time of its erasure", () => {
    expect(out({ ...EVENT, time: "2026-11-21T06:00:00+01:00" }).time).toBe("2026-11-21T06:00:00+01:00");
    expect(out({ ...EVENT, data: "{}", meta: "{}", erased: true })).toMatchObject({ erased: true, data: {} });
  });

  it.each([
    ["no object", '{"cloudevents":"x"}'],
    ["no source", '{"cloudevents":{"id":"1"}}'],
    ["a name that no attribute can have", '{"cloudevents":{"source":"/s","a_b":1}}'],
    ["members of the event itself", '{"cloudevents":{"source":"/s","type":"other"}}'],
    ["a value that no attribute has", '{"cloudevents":{"source":"/s","list":[1]}}'],
    ["a correlation that no header could carry", '{"correlationId":"a\\nb"}'],
  ])("stays valid with the writer's own meta: %s", (_what, meta) => {
    const event = out({ ...EVENT, meta });
    expect(event.source).toBe("/streams/order/a%20b");
    expect(event).not.toHaveProperty("correlationid");
  });
});

describe("a CloudEvent that cannot be stored", () => {
  it.each<[what: string, value: unknown, path: string]>([
    ["a text", "event", ""],
    ["a list", [EXAMPLE], ""],
    ["another version", { ...EXAMPLE, specversion: "0.3" }, "specversion"],
    ["no version", { ...EXAMPLE, specversion: undefined }, "specversion"],
    ["no id", { ...EXAMPLE, id: undefined }, "id"],
    ["an empty id", { ...EXAMPLE, id: "" }, "id"],
    ["an id that is null", { ...EXAMPLE, id: null }, "id"],
    ["an id with a line break", { ...EXAMPLE, id: "a\nb" }, "id"],
    ["no source", { ...EXAMPLE, source: undefined }, "source"],
    ["a source that is not a URI reference", { ...EXAMPLE, source: "my context" }, "source"],
    ["no type", { ...EXAMPLE, type: undefined }, "type"],
    ["a type that events cannot have", { ...EXAMPLE, type: "two words" }, "type"],
    ["a type of the store's own", { ...EXAMPLE, type: "$deleted" }, "type"],
    ["an invalid time", { ...EXAMPLE, time: "yesterday" }, "time"],
    ["an empty subject", { ...EXAMPLE, subject: "" }, "subject"],
    ["a dataschema that is not absolute", { ...EXAMPLE, dataschema: "schema.json" }, "dataschema"],
    ["data that is not JSON", { ...EXAMPLE, datacontenttype: "text/xml" }, "datacontenttype"],
    ["data that is a string", { ...EXAMPLE, datacontenttype: undefined, data: "I'm just a string" }, "data"],
    ["data that is null", { ...EXAMPLE, data: null }, "data"],
    ["no data", { ...EXAMPLE, data: undefined }, "data"],
    ["binary data", { ...EXAMPLE, data_base64: "AAAA" }, "data_base64"],
    ["an attribute in capitals", { ...EXAMPLE, Extension: "a" }, "Extension"],
    ["an attribute with a number that is not an integer", { ...EXAMPLE, ext: 1.5 }, "ext"],
    ["an attribute with a number beyond 32 bits", { ...EXAMPLE, ext: 2 ** 31 }, "ext"],
    ["an attribute with an object", { ...EXAMPLE, ext: {} }, "ext"],
    ["an attribute with half a character", { ...EXAMPLE, ext: "\ud800" }, "ext"],
    ["an attribute with an invalid character", { ...EXAMPLE, ext: "\ufffe" }, "ext"],
    [
      "an attribute that is called as the prototype of objects",
      JSON.parse(JSON.stringify(EXAMPLE).replace("{", '{"__proto__":"a",')),
      "__proto__",
    ],
  ])("is %s", (_what, value, path) => {
    expect(issuesOf(value).map((issue) => issue.path)).toEqual([path]);
  });
});

describe("binary mode", () => {
  const HEADERS = { "ce-specversion": "1.0", "ce-type": "com.example.someevent", "ce-id": "1234", "ce-source": "/mycontext/subcontext" };
  const read = (headers: Record<string, string>) => fromHeaders(new Headers({ ...HEADERS, ...headers }), { a: 1 });

  it("has its attributes in headers and the media type in Content-Type", () => {
    expect(read({ "content-type": "application/json; charset=utf-8", "CE-Time": "2018-04-05T03:56:24Z", "x-other": "no" })).toEqual({
      issues: [],
      event: {
        specversion: "1.0",
        type: "com.example.someevent",
        id: "1234",
        source: "/mycontext/subcontext",
        time: "2018-04-05T03:56:24Z",
        datacontenttype: "application/json; charset=utf-8",
        data: { a: 1 },
      },
    });
  });

  it.each([
    ["Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"],
    ["%e2%82%ac", "€"],
    ["%41%62c", "Abc"],
    ["100%25", "100%"],
    ['"quoted \\"text\\" with %20 and a \\\\"', 'quoted "text" with   and a \\'],
    ["plain", "plain"],
  ])("decodes %s", (value, decoded) => {
    expect(read({ "ce-ext": value }).event.ext).toBe(decoded);
  });

  it.each([
    ["an overlong encoding", { "ce-ext": "%C0%A0" }, "ext"],
    ["half a character", { "ce-ext": "%E2%82" }, "ext"],
    ["a lone percent sign", { "ce-ext": "100%" }, "ext"],
    ["a header for the media type", { "ce-datacontenttype": "application/json" }, "datacontenttype"],
    ["a header for the data", { "ce-data": "{}" }, "data"],
  ])("refuses %s", (_what, headers, path) => {
    expect(read(headers).issues).toMatchObject([{ path }]);
  });

  it("refuses what JSON would refuse, too: an attribute that is called as the prototype of objects", () => {
    expect(issuesOf(read({ "ce-__proto__": "a" }).event)).toMatchObject([{ path: "__proto__" }]);
  });
});

describe("the specification's schema, in these tests' form,", () => {
  it.each([
    ["a missing source", { ...EXAMPLE, source: undefined }],
    ["an empty id", { ...EXAMPLE, id: "" }],
    ["an invalid time", { ...EXAMPLE, time: "yesterday" }],
    ["data twice", { ...EXAMPLE, data_base64: "AAAA" }],
    ["an attribute in capitals", { ...EXAMPLE, Extension: 1 }],
  ])("refuses %s", (_what, value) => {
    const { valid } = new Validator(CLOUD_EVENT as never, "2020-12").validate(JSON.parse(JSON.stringify(value)));
    expect(valid).toBe(false);
  });
});
