/**
 * Checks when the worker starts that the deployment has what the app needs to run. One error names everything that is missing, with the
 * lines of wrangler.toml and of the worker that add it.
 *
 * A queue's consumer, a cron and the migrations of classes leave no trace in the worker: they are only in these lines.
 */

import type { App } from "../definitions/app.ts";
import { DefinitionsInCode } from "../definitions/in-code.ts";
import { WAKE_UP_ATTEMPTS } from "../operations/limits.ts";

/** The class of each binding for objects. */
const OBJECTS = { STREAMS: "StreamObject", LOGS: "LogObject", WEBHOOKS: "WebhookObject", CATALOGS: "CatalogObject" } as const;
const EXPORTED = `export const { ${Object.values(OBJECTS).join(", ")} } = objects(app); // of "headspring/runtime"`;
const VIEWS = "VIEWS";

/** A part of the configuration that the deployment lacks. */
interface Lack {
  readonly what: string;
  /** The lines that add it to wrangler.toml. */
  readonly toml: string;
  /** The lines that add it to the worker's own file. */
  readonly code?: string;
}

/**
 * Checks the deployment's bindings.
 *
 * @throws {Error} that names everything that is missing
 */
export function requireConfiguration(env: object, app: App): void {
  const bindings = env as Readonly<Record<string, unknown>>;
  const lacks = [...objectsLackedBy(bindings), ...queueLackedBy(bindings), ...databasesLackedBy(bindings, app)];
  if (lacks.length === 0) return;
  const code = new Set(lacks.flatMap((lack) => lack.code ?? []));
  throw new Error(
    [
      `the deployment lacks ${lacks.map(({ what }) => what).join(", ")}`,
      `Add to wrangler.toml:\n\n${lacks.map(({ toml }) => toml).join("\n\n")}`,
      ...(code.size > 0
        ? [`and to the file that wrangler.toml names as \`main\`, where it is not there yet:\n\n${[...code].join("\n")}`]
        : []),
    ].join("\n\n"),
  );
}

function objectsLackedBy(bindings: Readonly<Record<string, unknown>>): Lack[] {
  return Object.entries(OBJECTS).flatMap(([binding, className]) => {
    if (has(bindings[binding], "getByName")) return [];
    return {
      what: `the binding ${binding} of the Durable Object class ${className}`,
      toml: `[[durable_objects.bindings]]
name = "${binding}"
class_name = "${className}"

[exports.${className}]
type = "durable-object"
storage = "sqlite"`,
      code: EXPORTED,
    };
  });
}

function queueLackedBy(bindings: Readonly<Record<string, unknown>>): Lack[] {
  if (has(bindings.WAKE_UPS, "send")) return [];
  return [
    {
      what: "the binding WAKE_UPS of a queue (any name)",
      toml: `[[queues.producers]]
binding = "WAKE_UPS"
queue = "headspring-wake-ups"

[[queues.consumers]]
queue = "headspring-wake-ups"
max_batch_size = 100
max_batch_timeout = 0
max_concurrency = 10
max_retries = ${WAKE_UP_ATTEMPTS}`,
    },
  ];
}

function databasesLackedBy(bindings: Readonly<Record<string, unknown>>, app: App): Lack[] {
  return [...new DefinitionsInCode(app).databases].flatMap(([name, inIt]) => {
    if (has(bindings[name], "prepare")) return [];
    const views = inIt.map((view) => `"${view.name}"`);
    const keeps = name === VIEWS ? "checkpoints and views" : views.length === 1 ? `view ${views[0]}` : `views ${views.join(", ")}`;
    return {
      what: `the D1 binding ${name}, which keeps ${keeps}`,
      toml: `[[d1_databases]]
binding = "${name}"
database_name = "headspring-${name.toLowerCase()}"`,
    };
  });
}

/** Whether the binding exists, and is of the right kind: something else may have taken its name. */
function has(binding: unknown, method: string): boolean {
  return typeof (binding as Record<string, unknown> | null | undefined)?.[method] === "function";
}
