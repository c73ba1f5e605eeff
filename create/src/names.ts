/** What a project may be called: its name is that of an npm package, of a Worker, and the beginning of a queue's and a database's. */

/** Characters of a queue's name, the shortest of the limits (Cloudflare, "Queues: configuration"). A Worker's address has as many. */
const QUEUE_NAME = 63;
/** What the templates put behind the name. */
const LONGEST_SUFFIX = "-wake-ups";
export const LONGEST_NAME = QUEUE_NAME - LONGEST_SUFFIX.length;

const NAME = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** What the templates depend on: a package cannot depend on another one of its own name. */
const TAKEN = new Set(["headspring", "hono", "node", "react", "react-dom", "typescript", "vite", "vitest", "wrangler", "zod"]);

/** What is wrong with the name of a project; undefined: nothing. */
export function mistakeInName(name: string): string | undefined {
  const what = `"${name}" cannot be the project's name`;
  if (!NAME.test(name)) {
    return `${what}: npm and Cloudflare take lowercase letters, digits and hyphens, with a letter or digit at both ends`;
  }
  if (name.length > LONGEST_NAME) {
    return `${what}: it has ${name.length} characters, and at most ${LONGEST_NAME} leave room for "${LONGEST_SUFFIX}" in the name of its queue`;
  }
  if (TAKEN.has(name)) return `${what}: the project depends on a package of this name`;
  return undefined;
}
