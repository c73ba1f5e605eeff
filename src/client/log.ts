/** The log as a loop. */

import { PAGE_EVENTS } from "../core/limits.ts";
import { type Connection, type RequestOptions, queryOf } from "./connection.ts";
import { follow } from "./event-stream.ts";

export interface LogOptions<Type extends string = string> extends RequestOptions {
  /** Only events of these types. */
  readonly types?: readonly Type[];
  /** Only events of these categories. */
  readonly categories?: readonly string[];
  /** Only events of these streams: `category/id`. */
  readonly streams?: readonly string[];
  /** The position after which to begin: save the last one that you have processed. `head`: only what comes from now on. Default: 0. */
  readonly after?: number | "head";
  /** `false`: ends at the head as it is then. Default: goes on with what happens. */
  readonly live?: boolean;
}

export async function* readLog(connection: Connection, options: LogOptions): AsyncGenerator<unknown, void> {
  const { types, categories, streams, after = 0, live = true, signal } = options;
  const filter = { type: types, category: categories, stream: streams };
  const request = { signal };
  if (live) {
    for await (const { data } of follow(connection, `/log${queryOf({ ...filter, after })}`, request)) yield JSON.parse(data);
    return;
  }
  if (after === "head") return;
  // To the head as it is now: a store that is written to all the time has no end.
  const { body } = await connection.send("/log/head", request);
  for await (const page of connection.pages(`/log${queryOf({ ...filter, after, to: body.head, limit: PAGE_EVENTS })}`, request))
    yield* page.body.events;
}
