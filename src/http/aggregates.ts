/** Aggregates: commands in, state out. */

import { Hono } from "hono";
import type { App } from "../app.ts";
import { COMMAND_BYTES } from "../limits.ts";
import { streamOf } from "../objects.ts";
import { problemOf, writeHeaders } from "./answers.ts";
import { Problem } from "./problem.ts";
import {
  type HttpContext,
  correlationIdOf,
  expectedOf,
  idempotencyKeyOf,
  jsonBody,
  jsonText,
  queryOf,
  storeOf,
  streamIdOfPath,
  waitMsOf,
} from "./request.ts";
import { z } from "zod";

export function aggregateRoutes(app: App) {
  const routes = new Hono<{ Bindings: Env }>();

  routes.post("/:name/:id/:command", async (context) => {
    const aggregate = aggregateOf(app, context);
    const command = context.req.param("command");
    if (!Object.hasOwn(aggregate.commands, command)) {
      throw new Problem(
        "unknown-command",
        `${aggregate.name} has no command ${command}; it has ${Object.keys(aggregate.commands).join(", ")}`,
      );
    }
    const id = streamIdOfPath(context);
    const { text } = await jsonBody(context, COMMAND_BYTES);
    const answer = await streamOf(context.env, storeOf(context), aggregate.name, id).execute({
      command,
      data: text,
      idempotencyKey: idempotencyKeyOf(context),
      expected: expectedOf(context),
      correlationId: correlationIdOf(context),
      waitMs: waitMsOf(context),
    });
    if (answer.outcome !== "written") throw problemOf(answer);
    const { commandId, version, position, events } = answer;
    const body = { commandId, stream: `${aggregate.name}/${id}`, version, position, events };
    return context.json(body, 200, writeHeaders(answer));
  });

  routes.get("/:name/:id", async (context) => {
    const aggregate = aggregateOf(app, context);
    queryOf(context, z.object({}));
    const stream = `${aggregate.name}/${streamIdOfPath(context)}`;
    const { version, state } = await streamOf(context.env, storeOf(context), aggregate.name, streamIdOfPath(context)).state();
    if (version === 0) throw new Problem("unknown-stream", `nothing was ever stored in ${stream}`);
    return jsonText(`{"stream":${JSON.stringify(stream)},"version":${version},"state":${state}}`, 200, { etag: `"${version}"` });
  });

  return routes;
}

function aggregateOf(app: App, context: HttpContext) {
  const name = context.req.param("name") ?? "";
  const aggregate = app.aggregates.get(name);
  if (!aggregate)
    throw new Problem("unknown-aggregate", `there is no aggregate ${name}; there is ${[...app.aggregates.keys()].join(", ")}`);
  return aggregate;
}
