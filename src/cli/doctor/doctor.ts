/** Compares the configuration of the current folder with what the package needs, and writes what can be written. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { HeadspringError, problemOf } from "../../client/problem.ts";
import { EXIT } from "../failure.ts";
import type { Session } from "../session.ts";
import { note, paint, plain, print, toJson } from "../terminal.ts";
import { type ConfigFile, configIn, parsed } from "./config-file.ts";
import { applied, shownEdit } from "./edit.ts";
import { type Finding, findingsIn } from "./findings.ts";
import { withExports } from "./main-file.ts";

export interface DoctorFlags {
  readonly fix?: boolean;
  readonly env?: string;
  readonly config?: string;
}

export async function doctor(session: Session, _args: [], { fix, env, config: named }: DoctorFlags): Promise<void> {
  const config = configIn(process.cwd(), { file: named, environment: env });
  const found = findingsIn(config, mainOf(config));
  const left = fix ? fixed(config, found) : found;
  const isLeft = new Set(left.map(keyOf));
  const all = [...found, ...(session.isUrlGiven ? await deploymentLacks(session) : [])];
  for (const finding of all) report(finding, config, Boolean(fix) && found.includes(finding) && !isLeft.has(keyOf(finding)), session);
  const count = all.length - (found.length - left.length);
  if (count > 0) process.exitCode = EXIT.failed;
  if (session.isJson) return;
  const file = basename(config.path);
  if (all.length === 0) note(`${file} has what the package needs`);
  else if (count > 0 && !fix) note(`${count} to fix in ${file}; --fix writes what can be written`);
  if (!session.isUrlGiven) note("whether a deployment has tokens was not checked: --url names it");
}

/** Two findings of one code are about different things. */
function keyOf({ code, what }: Finding): string {
  return `${code} ${what}`;
}

function pathOfMain({ path, value }: ConfigFile): string | undefined {
  const main = typeof value.main === "string" ? join(dirname(path), value.main) : undefined;
  return main !== undefined && existsSync(main) ? main : undefined;
}

export function mainOf(config: ConfigFile): string | undefined {
  const path = pathOfMain(config);
  return path === undefined ? undefined : readFileSync(path, "utf8");
}

/** Writes each change that has the effect that it should have. @returns what is left */
function fixed(config: ConfigFile, found: readonly Finding[]): Finding[] {
  let file = config;
  let main = mainOf(config);
  for (const finding of found) {
    const before = main;
    if (finding.classes && main !== undefined) main = withExports(main, finding.classes) ?? main;
    for (const edit of finding.edits) {
      try {
        const text = applied(file, edit);
        const next = { path: file.path, ...parsed(text, file.path, file.environment) };
        if (!findingsIn(next, main).some((one) => keyOf(one) === keyOf(finding))) file = next;
      } catch {
        // The file is written in a way that the change does not fit: it stays for the person.
      }
    }
    if (main !== undefined && main !== before && findingsIn(file, main).some((one) => keyOf(one) === keyOf(finding))) main = before;
  }
  if (file.text !== config.text) writeFileSync(config.path, file.text);
  const path = pathOfMain(config);
  if (path !== undefined && main !== undefined && main !== mainOf(config)) writeFileSync(path, main);
  return findingsIn(file, main);
}

/** A deployment without a secret for its tokens answers nobody. */
async function deploymentLacks({ connection }: Session): Promise<Finding[]> {
  const response = await connection.open("/log/head");
  if (response.ok) return [];
  const { code, message }: HeadspringError = await problemOf(response);
  if (code !== "auth-not-configured") return [];
  const remedy = "npx headspring token --name me --rights read,write,admin | npx wrangler secret put API_TOKENS";
  return [{ code: "tokens-missing", what: `the deployment has no tokens: ${message}`, edits: [], remedy }];
}

export function report(
  { code, what, edits, classes, remedy }: Finding,
  config: ConfigFile,
  isFixed: boolean,
  { isJson }: Pick<Session, "isJson">,
): void {
  const { path } = config;
  const lines = edits.map((edit) => shownEdit(edit, config));
  if (isJson) return print(toJson({ code, what, fixed: isFixed, lines, ...(remedy === undefined ? {} : { remedy }) }));
  print(`${isFixed ? paint("green", "fixed") : paint("red", code)}: ${plain(what)}`);
  if (!isFixed && lines.length > 0) print(`  in ${basename(path)}:`);
  // Beyond the file: a queue must be created, for example.
  const isDone = isFixed && classes !== undefined;
  for (const line of [...(isFixed ? [] : lines), ...(remedy === undefined || isDone ? [] : [remedy])])
    print(
      line
        .split("\n")
        .map((one) => `    ${plain(one)}`)
        .join("\n"),
    );
}
