/** The 24 requests that the specs of EventSourcery's application make, with the same answers: paths, bodies, statuses, and what is stored. */

import { createClient } from "headspring/client";
import { type TestStore, startStore } from "headspring/testing/store";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { app } from "../../src/app.ts";

let store: TestStore;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store?.stop());

let id: string;
beforeEach(() => {
  id = crypto.randomUUID();
});

async function request(method: string, path: string, body?: object): Promise<{ readonly status: number; readonly body: string }> {
  const init = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(store.url + path, { method, ...init });
  return { status: answer.status, body: await answer.text() };
}
const post = (path: string, body: object = {}) => request("POST", path, body);
const put = (path: string, body: object = {}) => request("PUT", path, body);

async function lastEvent() {
  const { body } = await createClient<typeof app>(store.url).request(`/streams/todo/${id}?direction=backward&limit=1`);
  const { stream, type, data } = body.events[0];
  return { stream, type, data };
}
const add = (title = "Buy milk") => post(`/todo/${id}`, { title });
const complete = () => post(`/todo/${id}/complete`, { completed_on: "2026-07-13" });
const abandon = () => post(`/todo/${id}/abandon`, { abandoned_on: "2026-07-13" });
const unprocessable = (what: string) => ({ status: 422, body: `Unprocessable Entity: Todo "${id}" ${what}` });
const bad = (what: string) => ({ status: 400, body: `Bad Request: ${what}` });

describe("POST /todo/:id", () => {
  it("adds a todo", async () => {
    const data = { title: "Buy milk", description: "Two litres", due_date: "2026-07-13", stakeholder_email: "customer@example.com" };
    expect(await post(`/todo/${id}`, data)).toEqual({ status: 201, body: "" });
    expect(await lastEvent()).toEqual({ stream: `todo/${id}`, type: "TodoAdded", data });
  });
  it("adds it once", async () => {
    await add();
    expect(await add("Buy more milk")).toEqual(unprocessable("already exists"));
  });
  it("needs a title", async () => {
    expect(await post(`/todo/${id}`)).toEqual(bad("title is blank"));
  });
  it("refuses an invalid date", async () => {
    expect(await post(`/todo/${id}`, { title: "Buy milk", due_date: "invalid" })).toEqual(bad("due_date is invalid"));
  });
});

describe("PUT /todo/:id", () => {
  it("amends what it names", async () => {
    await add();
    expect(await put(`/todo/${id}`, { description: "Three litres" })).toEqual({ status: 200, body: "" });
    expect(await lastEvent()).toEqual({ stream: `todo/${id}`, type: "TodoAmended", data: { description: "Three litres" } });
  });
  it("refuses an invalid date", async () => {
    expect(await put(`/todo/${id}`, { due_date: "invalid" })).toEqual(bad("due_date is invalid"));
  });
  it("refuses a todo that does not exist", async () => {
    expect(await put(`/todo/${id}`)).toEqual(unprocessable("does not exist"));
  });
  it("refuses a completed one", async () => {
    await add();
    await complete();
    expect(await put(`/todo/${id}`)).toEqual(unprocessable("is complete"));
  });
  it("refuses an abandoned one", async () => {
    await add();
    await abandon();
    expect(await put(`/todo/${id}`)).toEqual(unprocessable("is abandoned"));
  });
});

describe.each([
  { end: "complete", field: "completed_on", type: "TodoCompleted" },
  { end: "abandon", field: "abandoned_on", type: "TodoAbandoned" },
])("POST /todo/:id/$end", ({ end, field, type }) => {
  const ask = (body: object = { [field]: "2026-07-14" }) => post(`/todo/${id}/${end}`, body);

  it("ends a todo", async () => {
    await add();
    expect(await ask()).toEqual({ status: 200, body: "" });
    expect(await lastEvent()).toEqual({ stream: `todo/${id}`, type, data: { [field]: "2026-07-14" } });
  });
  it("refuses one that does not exist", async () => {
    expect(await ask()).toEqual(unprocessable("does not exist"));
  });
  it("refuses a completed one", async () => {
    await add();
    await complete();
    expect(await ask()).toEqual(unprocessable("already complete"));
  });
  it("refuses an abandoned one", async () => {
    await add();
    await abandon();
    expect(await ask()).toEqual(unprocessable("already abandoned"));
  });
  it("needs a date", async () => {
    await add();
    expect(await ask({})).toEqual(bad(`${field} is blank`));
  });
  it("refuses an invalid date", async () => {
    await add();
    expect(await ask({ [field]: "invalid" })).toEqual(bad(`${field} is invalid`));
  });
});

describe("the lists", () => {
  const ids = Array.from({ length: 6 }, () => crypto.randomUUID());
  const [one, two, three, four, five, six] = ids;
  const base = { description: null, due_date: null, stakeholder_email: null };
  // Those of the other tests are left out.
  const list = async (name: string) => {
    const { status, body } = await request("GET", `/todos/${name}`);
    expect(status).toBe(200);
    return (JSON.parse(body) as { todo_id: string }[]).filter(({ todo_id }) => ids.includes(todo_id));
  };

  beforeAll(async () => {
    const steps = [
      () => post(`/todo/${one}`, { title: "one" }),
      () => post(`/todo/${two}`, { title: "two", due_date: "2026-06-18" }),
      () => post(`/todo/${one}/complete`, { completed_on: "2026-06-13" }),
      () => put(`/todo/${two}`, { title: "two!", description: "more", due_date: "2026-06-13" }),
      () => post(`/todo/${three}`, { title: "three" }),
      () => post(`/todo/${four}`, { title: "four", due_date: "2026-06-13" }),
      () => post(`/todo/${four}/abandon`, { abandoned_on: "2026-06-01" }),
      () => post(`/todo/${five}`, { title: "five", due_date: "2026-06-18" }),
      () => put(`/todo/${five}`, { due_date: null }),
      () => post(`/todo/${six}`, { title: "six", due_date: "2026-06-22", stakeholder_email: "customer@example.com" }),
      () => post(`/todo/${six}/complete`, { completed_on: "2026-06-15" }),
    ];
    for (const step of steps) {
      const { status, body } = await step();
      if (status >= 300) throw new Error(body);
    }
  });

  it("GET /todos/outstanding has the open todos, in the order in which they were added", async () => {
    expect(await list("outstanding")).toEqual([
      { ...base, todo_id: two, title: "two!", description: "more", due_date: "2026-06-13 00:00:00 UTC" },
      { ...base, todo_id: three, title: "three" },
      { ...base, todo_id: five, title: "five" },
    ]);
  });
  it("GET /todos/scheduled has the open todos with a date", async () => {
    expect(await list("scheduled")).toEqual([
      { ...base, todo_id: two, title: "two!", description: "more", due_date: "2026-06-13 00:00:00 UTC" },
    ]);
  });
  it("GET /todos/completed has the completed todos, with the time", async () => {
    expect(await list("completed")).toEqual([
      { ...base, todo_id: one, title: "one", completed_on: "2026-06-13 00:00:00 UTC" },
      {
        todo_id: six,
        title: "six",
        description: null,
        due_date: "2026-06-22 00:00:00 UTC",
        stakeholder_email: "customer@example.com",
        completed_on: "2026-06-15 00:00:00 UTC",
      },
    ]);
  });
});

/** A POST of any body. */
const send = (body: string, headers: Record<string, string> = {}) => fetch(`${store.url}/todo/${id}`, { method: "POST", headers, body });

describe("beyond the 24 cases", () => {
  it("a request with an idempotency key is carried out once", async () => {
    const headers = { "idempotency-key": id };
    expect((await send('{"title":"Buy milk"}', headers)).status).toBe(201);
    expect((await send('{"title":"Buy milk"}', headers)).status).toBe(201);
    expect((await send('{"title":"Buy milk"}')).status).toBe(422);
  });
  it("a body that is not JSON, or not an object, is a bad request", async () => {
    expect(await (await send("{")).text()).toBe("Bad Request: the body is not JSON");
    expect(await (await send("null")).text()).toMatch(/^Bad Request: the body is /);
    expect(await (await send("[1]")).text()).toMatch(/^Bad Request: the body is /);
  });
});
