/** `dev`: the project's store on this machine, from the check of its configuration to the end of all that it started. */

import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { TOKEN_SECRETS } from "../../http/auth-tokens.ts";
import { type ConfigFile, configIn } from "../doctor/config-file.ts";
import { EXIT } from "../failure.ts";
import type { GlobalOptions } from "../session.ts";
import { isFitToStart } from "./check.ts";
import { type Place, placeIn } from "./project.ts";
import { Serving } from "./serving.ts";
import { welcome } from "./welcome.ts";
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
  const [file] = flags.config ?? [];
  const declared = configIn(folder, { ...(file === undefined ? {} : { file }), ...(env === undefined ? {} : { environment: env }) });
  const [script] = args;
  const config = script === undefined || script.startsWith("-") ? declared : { ...declared, value: { ...declared.value, main: script } };
  const program = programOf(folder);
  const isJson = globals.json ?? false;
  if (!isFitToStart(config, isJson)) {
    process.exitCode = EXIT.failed;
    return;
  }
  const place = placeIn(config.value, flags);
  if (persistTo !== undefined && existsSync(persistTo) && !statSync(persistTo).isDirectory())
    throw new Error(`--persist-to takes a folder, not "${persistTo}"`);
  if (!(await isFree(place.port))) throw new Error(`port ${place.port} is in use. Choose another one: --port ${place.port + 1}`);
  const { token, store } = globals;
  const serving = new Serving({
    program,
    project: folder,
    place,
    args: [...args, ...argumentsOf(flags, place)],
    code: codeOf(config, folder),
    isJson,
    ready: (health) => welcome(place, health, { token, store, isJson }),
  });
  await serving.untilStopped();
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
