/** What `doctor` finds in the configuration, as far as it matters to a store on this machine. */

import type { ConfigFile } from "../doctor/config-file.ts";
import { mainOf, report } from "../doctor/doctor.ts";
import { findingsIn } from "../doctor/findings.ts";
import { note } from "../terminal.ts";

/** What matters to a deployment only: crons do not run here by themselves, and nobody else calls. */
const OF_DEPLOYMENTS: ReadonlySet<string> = new Set(["cron-missing", "deployment-open"]);
/** With these the store starts: one is read off the text of a file, which may be written in ways that we do not know. */
const POSSIBLE: ReadonlySet<string> = new Set(["class-not-exported", "queue-without-consumer", "dead-letter-queue-without-consumer"]);

/** Prints what is wrong. @returns whether the store can be started */
export function isFitToStart(config: ConfigFile, isJson: boolean): boolean {
  const found = findingsIn(config, mainOf(config)).filter(({ code }) => !OF_DEPLOYMENTS.has(code));
  for (const finding of found) report(finding, config, false, { isJson });
  if (found.length > 0 && !isJson) note("`npx headspring doctor --fix` writes what can be written\n");
  return found.every(({ code }) => POSSIBLE.has(code));
}
