import { describe, expect, it } from "vitest";
import { notificationOf, originatorIdOf, pythonTime } from "../src/notification.ts";
import { SECTION_SIZE, askedBy, sectionOf } from "../src/section.ts";

const event = {
  id: "01a218e3-ba9d-75be-a836-806c00000001",
  stream: "dog/fido",
  version: 2,
  position: 11,
  type: "TrickAdded",
  data: { trick: "roll over 🐕" },
  meta: {},
  time: "2026-11-27T10:00:00.5Z",
  recordedAt: "2026-11-27T10:00:01.000Z",
  schemaVersion: 1,
};
const stateOf = (state: string) => JSON.parse(Buffer.from(state, "base64").toString()) as unknown;
const items = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => notificationOf({ ...event, position: from + index }));

describe("an originator id", () => {
  it("is the stream's id if that is a UUID as Python prints it", () => {
    expect(originatorIdOf("dog/8f14e45f-ceea-467f-a8d2-0d1c5b7b2a11")).toBe("8f14e45fceea467fa8d20d1c5b7b2a11");
  });

  // As Python computes them: uuid.uuid5(uuid.NAMESPACE_URL, "dog/fido").hex
  it.each([
    ["dog/fido", "c8b4743227de58db91becc095adbc0c8"],
    ["dog/Zürich 🐕", "a532f59b9e325cbfb3ea55aa887fb686"],
    ["reading/roof", "162704afa64754b399075ad506e31051"],
  ])("is otherwise the UUID of version 5 that Python makes of %s", (stream, id) => {
    expect(originatorIdOf(stream)).toBe(id);
  });

  it("differs for streams whose ids are the same UUID in another form", () => {
    const forms = ["8f14e45f-ceea-467f-a8d2-0d1c5b7b2a11", "8F14E45F-CEEA-467F-A8D2-0D1C5B7B2A11", "8f14e45fceea467fa8d20d1c5b7b2a11"];
    expect(new Set(forms.map((id) => originatorIdOf(`dog/${id}`))).size).toBe(3);
  });
});

describe("a notification", () => {
  it("has the position, the version, the type and a state that the library's transcoder reads", () => {
    const { state, ...rest } = notificationOf(event);
    expect(rest).toEqual({ id: 11, originator_id: originatorIdOf("dog/fido"), originator_version: 2, topic: "TrickAdded" });
    const timestamp = { _type_: "datetime_iso", _data_: "2026-11-27T10:00:00.500000+00:00" };
    expect(stateOf(state)).toEqual({ timestamp, trick: "roll over 🐕" });
  });

  it("names the version of a type that has had several, and keeps a timestamp in the data as it is", () => {
    const { state } = notificationOf({ ...event, data: { timestamp: 7 }, schemaVersion: 3 });
    expect(stateOf(state)).toEqual({ timestamp: 7, class_version: 3 });
  });

  it.each([
    ["2026-11-27T10:00:00Z", "2026-11-27T10:00:00.000000+00:00"],
    ["2026-11-27t10:00:00.123456789z", "2026-11-27T10:00:00.123456+00:00"],
    ["2026-11-27T10:00:00.25+05:30", "2026-11-27T10:00:00.250000+05:30"],
  ])("has a time of %s in the form that every version of Python reads", (time, python) => {
    expect(pythonTime(time)).toBe(python);
  });
});

describe("a section", () => {
  it("is asked for by its first and last position", () => {
    expect(askedBy("11,20")).toEqual({ after: 10, limit: 10 });
    expect(askedBy("7,7")).toEqual({ after: 6, limit: 1 });
    expect(askedBy("0,9")).toEqual({ after: 0, limit: 9 });
    expect(askedBy("9,8")).toEqual({ after: 8, limit: 0 });
    expect(askedBy("1,1000000")).toEqual({ after: 0, limit: SECTION_SIZE });
    for (const id of ["", "1", "1,", "a,b", "-1,5", "1,2,3", "1.5,3", "1, 2", "1,99999999999999999999"])
      expect(askedBy(id)).toBeUndefined();
  });

  it("has the name of its content, and leads to the next one if it is full", () => {
    expect(sectionOf(items(11, 20), { after: 10, limit: 10 })).toMatchObject({ id: "11,20", next_id: "21,30" });
    expect(sectionOf(items(11, 13), { after: 10, limit: 10 })).toMatchObject({ id: "11,13", next_id: null });
    expect(sectionOf([], { after: 10, limit: 10 })).toEqual({ id: null, next_id: null, items: [] });
  });
});
