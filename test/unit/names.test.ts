import { describe, expect, it } from "vitest";
import { EVENT_TYPE, NAME, STORE_NAME, UUID, requireName, streamIdProblem } from "../../src/core/names.ts";

const long = (length: number) => "a".repeat(length);

describe("a store's name", () => {
  it.each(["default", "a", "0", "-", "eu-west-1", long(64)])("may be %s", (name) => expect(STORE_NAME.test(name)).toBe(true));
  it.each(["", "Default", "a_b", "a.b", "a/b", "ä", "a ", "a\n", long(65)])("may not be %j", (name) =>
    expect(STORE_NAME.test(name)).toBe(false),
  );
});

describe("a name in code", () => {
  it.each(["order", "Order", "a", "PlaceOrder", "ready-orders", "v1.2_3", long(64)])("may be %s", (name) =>
    expect(NAME.test(name)).toBe(true),
  );
  it.each(["", "1st", "-a", "_a", ".a", "a b", "a/b", "a:b", "é", "a\n", long(65)])("may not be %j", (name) =>
    expect(NAME.test(name)).toBe(false),
  );
});

describe("an event type", () => {
  it.each(["OrderPlaced", "order.placed", "com.example/order#placed", "1", "a:b", "a+b", "$deleted", long(128)])("may be %s", (type) =>
    expect(EVENT_TYPE.test(type)).toBe(true),
  );
  it.each(["", "order placed", 'order"placed', "bestellt?", "ü", "a\n", long(129)])("may not be %j", (type) =>
    expect(EVENT_TYPE.test(type)).toBe(false),
  );
});

describe("an event's id", () => {
  it.each(["0198c0de-0000-7000-8000-000000000001", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "00000000-0000-0000-0000-000000000000"])(
    "may be %s",
    (id) => expect(UUID.test(id)).toBe(true),
  );
  it.each([
    "",
    "0198c0de000070008000000000000001",
    "0198c0de-0000-7000-8000-00000000000",
    "g198c0de-0000-7000-8000-000000000001",
    "{0198c0de-0000-7000-8000-000000000001}",
  ])("may not be %j", (id) => expect(UUID.test(id)).toBe(false));
});

describe("a stream's id", () => {
  it.each(["42", "constructor", "a b", "ä", "茶", "🍵", "%2F", "...", "'; DROP TABLE events", long(256), "é".repeat(128)])(
    "may be %j",
    (id) => expect(streamIdProblem(id)).toBeUndefined(),
  );

  it.each([
    ["", "a stream id must not be empty"],
    [".", "a stream id must not be `.` or `..`, which URLs cannot carry"],
    ["..", "a stream id must not be `.` or `..`, which URLs cannot carry"],
    ["a/b", "a stream id must not contain `/`"],
    ["a\nb", "a stream id must not contain control characters"],
    ["a\u0000", "a stream id must not contain control characters"],
    ["\u007f", "a stream id must not contain control characters"],
    ["\u0085", "a stream id must not contain control characters"],
    ["\ud83c", "a stream id must be well-formed Unicode"],
    [long(257), "a stream id has at most 256 bytes of UTF-8"],
    [`${"é".repeat(128)}a`, "a stream id has at most 256 bytes of UTF-8"],
  ])("may not be %j, and the reason is given", (id, problem) => expect(streamIdProblem(id)).toBe(problem));
});

describe("a name that code declares", () => {
  it("fails at start-up when no route could carry it, with the rule", () => {
    expect(() => requireName("view", "ready orders")).toThrow(
      new TypeError(`view "ready orders" is not a valid name: it must match ${NAME.source}`),
    );
    expect(() => requireName("view", "ready-orders")).not.toThrow();
    expect(() => requireName("event type", "order placed", EVENT_TYPE)).toThrow(EVENT_TYPE.source);
  });
});
