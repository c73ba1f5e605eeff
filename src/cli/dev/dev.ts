/** `dev`: the project's store on this machine, from the check of its configuration to the end of all that it started. */

import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { TOKEN_SECRETS } from "../../http/auth-tokens.ts";
import { type ConfigFile, configIn, tableOf } from "../doctor/config-file.ts";
import { mainOf } from "../doctor/doctor.ts";
import { isOfQueries } from "../doctor/main-file.ts";
import { EXIT } from "../failure.ts";
import type { GlobalOptions } from "../session.ts";
import { isFitToStart } from "./check.ts";
import { type Place, placeIn } from "./project.ts";
import { Serving, type ServingOptions } from "./serving.ts";
import { welcome, welcomeToQueries } from "./welcome.ts";
import { programOf } from "../../local/program.ts";
import { isFree } from "../../local/wrangler.ts";

/** What a store reads of its environment that no project declares. */
const OURS = [...TOKEN_SECRETS, "API_JWKS", "JURISDICTION", "LOCATION", "WORKERS_PLAN"];

export interface DevFlags {
  readonly port?: number;
  readonly ip?: string;
  readonly localProtocol?: string;
  readonly persistTo?: string;
  readonly var?: readonly string[];
  readonly config?: readonly string[];
  readonly env?: string;
}

/** @param args what goes to wrangler as it is: a script, and options of its own */
export async function dev(globals: GlobalOptions, flags: DevFlags, args: readonly string[]): Promise<void> {
  const { persistTo, env } = flags;
  const folder = process.cwd();
  const read = (file?: string) => configIn(folder, { file, environment: env });
  const [file, ...others] = flags.config ?? [];
  const declared = read(file);
  const [script] = args;
  const isScript = script !== undefined && !script.startsWith("-");
  const config = isScript ? { ...declared, value: { ...declared.value, main: script } } : declared;
  const program = programOf(folder);
  const isJson = globals.json ?? false;
  // Wrangler gives a port to its first worker only, so each that answers queries gets a wrangler of its own.
  const queries = others.map((other) => ({ other, config: read(other) })).filter(({ config }) => isOfQueries(mainOf(config) ?? ""));
  if (![config, ...queries.map((one) => one.config)].map((one) => isFitToStart(one, isJson)).every(Boolean)) {
    process.exitCode = EXIT.failed;
    return;
  }
  const place = placeIn(config.value, flags);
  if (persistTo !== undefined && existsSync(persistTo) && !statSync(persistTo).isDirectory())
    throw new Error(`--persist-to takes a folder, not "${persistTo}"`);
  const { token, store } = globals;
  const common = { program, project: folder, isJson };
  const next = queries.map(({ other, config }, index) => {
    const own = placeNextTo(place, index + 1, config, flags);
    return {
      ...common,
      place: own,
      args: [...args.slice(isScript ? 1 : 0), ...argumentsOf({ ...flags, config: [other] }, own)],
      code: codeOf(config, folder),
      ready: async () => welcomeToQueries(own, isJson),
    };
  });
  const rest = (flags.config ?? []).filter((one) => !queries.some(({ other }) => other === one));
  const all: ServingOptions[] = [
    {
      ...common,
      place,
      args: [...args, ...argumentsOf({ ...flags, config: rest }, place)],
      code: codeOf(config, folder),
      ready: (health) => welcome(place, health, { token, store, isJson }),
    },
    ...next,
  ];
  for (const { port } of all.map((one) => one.place))
    if (!(await isFree(port))) throw new Error(`port ${port} is in use. Choose another one: --port ${place.port + all.length}`);
  const started: Serving[] = [];
  try {
    await serve(all, started);
  } finally {
    for (const serving of started) serving.stop();
  }
}

/** Keeps them running until a signal ends all. Each starts when the one before answers: two that open one state at once find it locked. */
async function serve([first, ...rest]: readonly ServingOptions[], started: Serving[]): Promise<void> {
  if (first === undefined) return;
  let others: Promise<void> | undefined;
  const serving = new Serving({
    ...first,
    ready: async (health) => {
      await first.ready(health);
      if (serving.isStopping) return;
      others = serve(rest, started);
      others.catch(() => serving.stop());
    },
  });
  started.push(serving);
  await serving.untilStopped();
  await others;
}

/** Where one of the workers next to the store listens: on the port that its configuration has, or on one of those after the store's. */
function placeNextTo({ port }: Place, number: number, { value }: ConfigFile, flags: DevFlags): Place {
  const own = tableOf(value.dev).port;
  return placeIn(value, { ...flags, port: flags.port === undefined && typeof own === "number" ? own : port + number });
}

/** The folder with the worker's file; not the project's own, which has all of node_modules. */
function codeOf({ path, value }: ConfigFile, folder: string): string {
  const main = resolve(dirname(path), String(value.main));
  return dirname(main) === folder ? main : dirname(main);
}

function argumentsOf({ persistTo, var: variables = [], config = [], env }: DevFlags, { ip, isSelfSigned }: Place): string[] {
  const given = new Set(variables);
  const ours = OURS.filter((name) => process.env[name] && !variables.some((one) => one.startsWith(`${name}:`)));
  return [
    `--ip=${ip}`,
    ...(isSelfSigned ? ["--local-protocol=https"] : []),
    ...(persistTo === undefined ? [] : [`--persist-to=${persistTo}`]),
    ...config.map((one) => `--config=${one}`),
    ...(env === undefined ? [] : [`--env=${env}`]),
    ...[...new Set([...given, ...ours])].flatMap((one) => {
      if (one.includes(":")) return [`--var=${one}`];
      return process.env[one] ? [`--var=${one}:${process.env[one]}`] : [];
    }),
  ];
}
