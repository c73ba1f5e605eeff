/** The command `headspring`, which bin/headspring.js starts. */

import { run } from "./run.ts";

// What reads our output may stop early, as `head` does: that is no error. It has ended us quietly, as a signal would.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
const status = await run(process.argv.slice(2));
// Connections that are still open, or pauses before a repetition, must not keep the process.
process.stdout.write("", () => process.exit(status));
