/**
 * Loaded into `wrangler dev` before it starts: ends it with the process that started it, however that one ended.
 * The parent holds the other end of stdin, and a pipe closes even when its holder is killed.
 */

process.stdin.on("end", () => process.kill(0, "SIGKILL")); // 0: the process group, which is all of wrangler's and nothing else
process.stdin.resume();
process.stdin.unref();
