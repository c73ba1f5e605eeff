/**
 * Checks when the worker starts, and at its first event, that the deployment has what the app needs to run. One error names everything that is missing, with the
 * lines of wrangler.toml and of the worker that add it.
 *
 * A queue's consumer, a cron and the migrations of classes leave no trace in the worker: they are only in these lines.
 */

import type { App } from "../definitions/app.ts";
import { CLASSES } from "../store/bound.ts";
import { DefinitionsInCode } from "../definitions/in-code.ts";
import { WAKE_UP_ATTEMPTS } from "../operations/limits.ts";

const EXPORTED = `export const { ${Object.values(CLASSES).join(", ")} } = objects(app); // of "headspring/runtime"`;
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
 * Checks the deployment's bindings. A class of objects without one is found by the worker's exports, which come only with the first event:
 * see {@link requireObjects}.
 *
 * @throws {Error} that names everything that is missing
 */
export function requireConfiguration(env: object, app: App): void {
  const bindings = env as Readonly<Record<string, unknown>>;
  const objects = objectsLackedBy(bindings).filter(({ binding }) => bindings[binding] !== undefined);
  refuse([...objects, ...queueLackedBy(bindings), ...databasesLackedBy(bindings, app)]);
}

/**
 * Checks that there is a namespace for every class of objects.
 *
 * @param env with the worker's exports
 * @throws {Error} that names all classes that are missing
 */
export function requireObjects(env: object): void {
  refuse(objectsLackedBy(env as Readonly<Record<string, unknown>>));
}

/** The objects that a worker which only answers queries asks: where a store lies and what it declares, and how far its log is. */
const ASKED = { LOGS: CLASSES.LOGS, CATALOGS: CLASSES.CATALOGS };

/**
 * The same for a worker that only answers queries: its objects are another worker's, so each needs a binding.
 *
 * @throws {Error} that names everything that is missing
 */
export function requireConfigurationOfQueries(env: object, app: App): void {
  const bindings = env as Readonly<Record<string, unknown>>;
  const objects = Object.entries(ASKED).flatMap(([binding, className]) => {
    if (has(bindings[binding], "getByName")) return [];
    const toml = `[[durable_objects.bindings]]
name = "${binding}"
class_name = "${className}"
script_name = "…" # the name of the worker that takes the commands`;
    return [{ what: `the binding ${binding} of the Durable Object class ${className} of the worker that takes the commands`, toml }];
  });
  refuse([...objects, ...databasesLackedBy(bindings, app)]);
}

function refuse(lacks: readonly Lack[]): void {
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

function objectsLackedBy(bindings: Readonly<Record<string, unknown>>): (Lack & { readonly binding: string })[] {
  return Object.entries(CLASSES).flatMap(([binding, className]) => {
    if (has(bindings[binding], "getByName")) return [];
    const isOther = bindings[binding] !== undefined;
    return {
      binding,
      what: isOther
        ? `a Durable Object class behind the binding ${binding}`
        : `the Durable Object class ${className} (or a binding ${binding})`,
      toml: `[exports.${className}]
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
max_batch_size = 10
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
