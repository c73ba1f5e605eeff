/**
 * The routes of EventSourcery's application, with its answers, in front of the store: a thin translation to the app's own calls. A caller's
 * token is passed on, so it may do here what it may do there.
 */

import { type Context, Hono } from "hono";
import { HeadspringError, createClient } from "headspring/client";
import type { HeadspringEnv, StoreWorker } from "headspring/runtime";
import type { app } from "./app.ts";
import { LISTS } from "./todos.ts";

type Here = Context<{ Bindings: HeadspringEnv }>;

export function routes(store: StoreWorker) {
  /** A client of this same worker: no request leaves it. */
  const clientFor = ({ req, env, executionCtx }: Here) => {
    const token = /^Bearer +(.+)$/i.exec(req.header("authorization") ?? "")?.[1];
    return createClient<typeof app>(new URL(req.url).origin, {
      ...(token === undefined ? {} : { token }),
      fetch: (url, init) => store.fetch(new Request(url, init), env, executionCtx),
    });
  };

  const command = (name: "AddTodo" | "AmendTodo" | "CompleteTodo" | "AbandonTodo", status: 200 | 201) => async (here: Here) => {
    const id = here.req.param("id") ?? "";
    const data = parsed(await here.req.text());
    if (data === undefined) return here.text("Bad Request: the body is not JSON", 400);
    try {
      const todo = clientFor(here).todo(id);
      const answer = await todo[name](data, { idempotencyKey: here.req.header("idempotency-key") });
      if (answer.ok) return here.body(null, status);
      // The reasons are the ends of the sentences.
      return here.text(`Unprocessable Entity: Todo "${id}" ${answer.reason.replaceAll("-", " ")}`, 422);
    } catch (error) {
      if (!(error instanceof HeadspringError) || error.code !== "invalid-command") throw error;
      const [issue] = error.problem.issues as { path: string }[];
      const path = issue?.path ?? "";
      return here.text(`Bad Request: ${path || "the body"} is ${data?.[path] ? "invalid" : "blank"}`, 400);
    }
  };

  const list = (name: keyof typeof LISTS) => async (here: Here) => {
    const todos: object[] = [];
    const rows = clientFor(here).views.todos.all(LISTS[name], { sort: "added", consistency: "strong" });
    for await (const { added: _added, completed_on, due_date, ...todo } of rows) {
      const completion = name === "completed" ? { completed_on: timeOf(completed_on) } : {};
      todos.push({ ...todo, due_date: timeOf(due_date), ...completion });
    }
    return here.json(todos);
  };

  return new Hono<{ Bindings: HeadspringEnv }>()
    .post("/todo/:id", command("AddTodo", 201))
    .put("/todo/:id", command("AmendTodo", 200))
    .post("/todo/:id/complete", command("CompleteTodo", 200))
    .post("/todo/:id/abandon", command("AbandonTodo", 200))
    .get("/todos/outstanding", list("outstanding"))
    .get("/todos/scheduled", list("scheduled"))
    .get("/todos/completed", list("completed"))
    .all("*", (here) => store.fetch(here.req.raw, here.env, here.executionCtx))
    .onError((error) => {
      // What the store answers otherwise, for example to a token that it does not know.
      if (error instanceof HeadspringError && error.status >= 400) return Response.json(error.problem, { status: error.status });
      throw error;
    });
}

/** A command's data, which the store checks; undefined: no JSON. */
function parsed(text: string) {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return undefined;
  }
}

/** A date as a timestamp column shows it. */
function timeOf(date: string | null): string | null {
  return date === null ? null : `${date} 00:00:00 UTC`;
}
