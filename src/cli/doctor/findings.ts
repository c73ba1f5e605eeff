/** What a worker's configuration lacks for what the package needs. Each finding has its code, and where it is possible the change that fixes it. */

import { WAKE_UP_ATTEMPTS } from "../../operations/limits.ts";
import { CLASSES } from "../../store/bound.ts";
import { type ConfigFile, type Loose, tableOf, tablesOf } from "./config-file.ts";
import type { Edit } from "./edit.ts";
import { exportsOf, isOfQueries } from "./main-file.ts";

/** From this date on a worker finds the classes that it exports (`enable_ctx_exports`). */
const MIN_DATE = "2025-11-17";
/** The date that the package is tested with. */
const TESTED_DATE = "2026-11-01";
/** Every five minutes: what the package's own configuration says. */
const CRON = "*/5 * * * *";

export interface Finding {
  /** What scripts may branch on. */
  readonly code: string;
  readonly what: string;
  /** What fixes it in the configuration. */
  readonly edits: readonly Edit[];
  /** Classes that the worker's file has to export. */
  readonly classes?: readonly string[];
  /** What a person has to do where no change of a file fixes it. */
  readonly remedy?: string;
}

/** @param main the text of the worker's file; undefined: there is none */
export function findingsIn({ value }: Pick<ConfigFile, "value">, main: string | undefined): Finding[] {
  if (main !== undefined && isOfQueries(main)) return [...bindingsOfQueriesIn(value), ...platformIn(value), ...accessIn(value)];
  return [
    ...mainIn(value, main),
    ...classesIn(value, main),
    ...wakeUpsIn(value),
    ...databasesIn(value),
    ...cronsIn(value),
    ...platformIn(value),
    ...accessIn(value),
  ];
}

/** The class of each binding: the configuration may have given it another name. */
function classesOf(config: Loose): string[] {
  const bindings = tablesOf(tableOf(config.durable_objects).bindings);
  return Object.entries(CLASSES).flatMap(([binding, name]) => {
    const bound = bindings.find((one) => one.name === binding);
    // Of another worker: that one's configuration has to have it.
    if (bound?.script_name !== undefined) return [];
    return typeof bound?.class_name === "string" ? bound.class_name : name;
  });
}

function mainIn({ main: path }: Loose, main: string | undefined): Finding[] {
  if (main !== undefined) return [];
  const what = typeof path === "string" ? `main names ${path}, which does not exist` : "main is missing: the file of the worker";
  return [{ code: "main-missing", what, edits: [], remedy: 'main = "src/worker.ts"' }];
}

function classesIn(config: Loose, main: string | undefined): Finding[] {
  const needed = classesOf(config);
  const exported = main === undefined ? undefined : exportsOf(main);
  const missing = exported === undefined ? [] : needed.filter((name) => !exported.has(name));
  const notExported: Finding[] =
    missing.length === 0
      ? []
      : [
          {
            code: "class-not-exported",
            what: `${String(config.main)} does not export ${missing.join(", ")}`,
            edits: [],
            classes: missing,
            remedy: `export const { ${missing.join(", ")} } = objects(app); // of "headspring/runtime"`,
          },
        ];
  return [...notExported, ...needed.flatMap((name) => declarationOf(config, name))];
}

function declarationOf(config: Loose, name: string): Finding[] {
  const migrations = tablesOf(config.migrations);
  const listed = (member: string) => migrations.some((one) => Array.isArray(one[member]) && one[member].includes(name));
  const declared = tableOf(config.exports)[name];
  if (listed("new_classes") || (declared !== undefined && tableOf(declared).storage !== "sqlite")) {
    const remedy = `It needs SQLite: storage = "sqlite" in [exports.${name}], or new_sqlite_classes in a migration. The platform changes no class that has data.`;
    return [{ code: "class-without-sqlite", what: `the class ${name} is declared without SQLite`, edits: [], remedy }];
  }
  if (declared !== undefined || listed("new_sqlite_classes")) return [];
  const edit: Edit =
    migrations.length > 0 && config.exports === undefined
      ? { kind: "item", path: ["migrations"], value: { tag: `headspring-${name}`, new_sqlite_classes: [name] } }
      : { kind: "table", path: ["exports", name], value: { type: "durable-object", storage: "sqlite" } };
  return [{ code: "class-not-declared", what: `the class ${name} is in no exports entry and no migration`, edits: [edit] }];
}

/** What a worker that only answers queries shares with the one that takes the commands, whose names are not known here. */
function bindingsOfQueriesIn(config: Loose): Finding[] {
  const bindings = tablesOf(tableOf(config.durable_objects).bindings);
  const objects = (["LOGS", "CATALOGS"] as const).flatMap((binding): Finding[] => {
    const bound = bindings.find(({ name }) => name === binding);
    if (bound?.script_name !== undefined) return [];
    const what = `${binding} is not bound to the objects of the worker that takes the commands`;
    const remedy = `a binding with name = "${binding}", class_name = "${CLASSES[binding]}" and that worker's name as script_name, in durable_objects.bindings`;
    return [{ code: "object-not-bound", what, edits: [], remedy }];
  });
  if (tablesOf(config.d1_databases).some(({ binding }) => binding === "VIEWS")) return objects;
  const what = "no D1 database is bound as VIEWS: it is the database of the worker that takes the commands";
  return [...objects, { code: "database-not-bound", what, edits: [], remedy: "the d1_databases of that worker's configuration" }];
}

function wakeUpsIn(config: Loose): Finding[] {
  const queues = tableOf(config.queues);
  const consumers = tablesOf(queues.consumers);
  const bound = tablesOf(queues.producers).find(({ binding }) => binding === "WAKE_UPS");
  const queue = typeof bound?.queue === "string" ? bound.queue : `${nameOf(config)}-wake-ups`;
  const findings: Finding[] = [];
  if (bound === undefined) {
    const edit: Edit = { kind: "item", path: ["queues", "producers"], value: { binding: "WAKE_UPS", queue } };
    const remedy = `Create it before the next deployment: npx wrangler queues create ${queue}`;
    findings.push({ code: "queue-not-bound", what: "no queue is bound as WAKE_UPS", edits: [edit], remedy });
  }
  const index = consumers.findIndex((one) => one.queue === queue);
  if (index === -1) {
    const value = { queue, max_batch_size: 10, max_batch_timeout: 0, max_concurrency: 10, max_retries: WAKE_UP_ATTEMPTS };
    const edit: Edit = { kind: "item", path: ["queues", "consumers"], value };
    findings.push({ code: "queue-without-consumer", what: `the queue ${queue} has no consumer: nothing wakes up`, edits: [edit] });
  }
  const dead = consumers[index]?.dead_letter_queue;
  if (typeof dead === "string" && !consumers.some((one) => one.queue === dead)) {
    const edit: Edit = { kind: "remove", path: ["queues", "consumers", index, "dead_letter_queue"], value: dead };
    const what = `nobody consumes the dead-letter queue ${dead}, and the package needs none`;
    findings.push({ code: "dead-letter-queue-without-consumer", what, edits: [edit] });
  }
  return findings;
}

function databasesIn(config: Loose): Finding[] {
  if (tablesOf(config.d1_databases).some(({ binding }) => binding === "VIEWS")) return [];
  const edit: Edit = { kind: "item", path: ["d1_databases"], value: { binding: "VIEWS", database_name: `${nameOf(config)}-views` } };
  return [{ code: "database-not-bound", what: "no D1 database is bound as VIEWS, which keeps views and checkpoints", edits: [edit] }];
}

function cronsIn(config: Loose): Finding[] {
  const { crons } = tableOf(config.triggers);
  if (Array.isArray(crons) && crons.length > 0) return [];
  const what = "no cron is set: a consumer whose wake-up was lost would wait for the next event";
  return [{ code: "cron-missing", what, edits: [{ kind: "set", path: ["triggers", "crons"], value: [CRON] }] }];
}

function platformIn(config: Loose): Finding[] {
  const { compatibility_date: date, compatibility_flags: flags } = config;
  const findings: Finding[] = [];
  if (typeof date !== "string" || date < MIN_DATE) {
    const what = typeof date === "string" ? `the compatibility date ${date} is before ${MIN_DATE}` : "the compatibility date is missing";
    findings.push({ code: "compatibility-date-too-old", what, edits: [{ kind: "set", path: ["compatibility_date"], value: TESTED_DATE }] });
  }
  const set = Array.isArray(flags) ? flags.map(String) : [];
  if (!set.includes("nodejs_compat")) {
    const edit: Edit = { kind: "set", path: ["compatibility_flags"], value: [...set, "nodejs_compat"] };
    findings.push({ code: "nodejs-compat-missing", what: "the compatibility flag nodejs_compat is missing", edits: [edit] });
  }
  return findings;
}

function accessIn(config: Loose): Finding[] {
  if (tableOf(config.vars).HEADSPRING_ENV !== "local") return [];
  const what = "HEADSPRING_ENV is local in vars: a deployment without the secret API_TOKENS would ask nobody for a token";
  return [{ code: "deployment-open", what, edits: [], remedy: "Move it to .dev.vars, which is not deployed: HEADSPRING_ENV=local" }];
}

function nameOf({ name }: Loose): string {
  return typeof name === "string" && name !== "" ? name : "headspring";
}
