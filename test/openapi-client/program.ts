/** A program that uses the generated client of the tests' app; compiled by test/unit/openapi-client.slow.test.ts, and never run. */

import type { components, paths } from "./generated.ts";

type Method = "get" | "post" | "put" | "delete";
type Operation<Path extends keyof paths, Verb extends Method> = NonNullable<paths[Path][Verb]>;
type BodyOf<Of> = Of extends { requestBody: { content: { "application/json": infer Body } } } ? Body : undefined;
type AnswerOf<Of> = Of extends { responses: infer Responses }
  ? {
      [Status in keyof Responses & (200 | 201)]: Responses[Status] extends { content: { "application/json": infer Answer } }
        ? Answer
        : never;
    }[keyof Responses & (200 | 201)]
  : never;
type QueryOf<Of> = Of extends { parameters: { query?: infer Query } } ? Query : never;

declare function call<Path extends keyof paths, Verb extends Method>(
  method: Verb,
  path: Path,
  request: { body?: BodyOf<Operation<Path, Verb>>; query?: QueryOf<Operation<Path, Verb>> },
): Promise<AnswerOf<Operation<Path, Verb>>>;

/** 1: events of any data. 2: several. */
const written = await call("post", "/streams/{category}/{id}", {
  body: { type: "Read", data: { value: 1, nested: { any: ["thing"] } }, meta: { by: "me" } },
});
await call("post", "/streams/{category}/{id}", { body: { events: [{ type: "Read", data: {} }] } });
export const versions: number[] = written.events.map(({ version }) => version);

/** 3: a fact of a category, as it is. */
await call("post", "/streams/{category}", { body: { celsius: 21.5 } });

/** 4: a category with JSON Schemas. */
const declared = await call("put", "/streams/{category}", { body: { schema: { type: "object", properties: { a: true } } } });
export const revision: number | undefined = declared.revision;

/** 5: a command with its own body, and 6: any command. */
const counted = await call("post", "/aggregates/counter/{id}/Count", { body: { by: 2 } });
export const commandId: string = counted.commandId;
await call("post", "/aggregates/{name}/{id}/{command}", { body: { any: "thing" } });

/** 7: the log's events are distinguished by their types. */
const { events, head } = await call("get", "/log", { query: { after: 0, limit: 10, type: ["Counted"] } });
export const position: number = head;
type Counted = components["schemas"]["counter.Counted"];
export const totals: number[] = events.flatMap((event) => (event.type === "Counted" ? [(event as Counted).data.total] : []));
export const notes: unknown[] = events.map((event) => (event.data as Record<string, unknown>)["note"]);

/** 8: a view's rows, and 9: one of them. */
const page = await call("get", "/views/totals", { query: { "total.gte": 1, sort: "-total" } });
export const rows: number[] = page.rows.map(({ total }) => total);
const row = await call("get", "/views/totals/{key}", {});
export const big: boolean = row.big;

/** 10: consumers, and 11: a state. */
const { consumers } = await call("get", "/consumers", {});
export const names: string[] = consumers.map(({ name }) => name);
const { version } = await call("get", "/aggregates/{name}/{id}", {});
export const next: number = version + 1;

/** What would be a mistake is one. */
// @ts-expect-error an amount is a number
await call("post", "/aggregates/counter/{id}/Count", { body: { by: "two" } });
// @ts-expect-error an event has a type
await call("post", "/streams/{category}/{id}", { body: { data: {} } });
