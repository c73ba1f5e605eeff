/** Where the worker runs, as its variables tell. */

/** `npm start` and the tests, on the developer's own machine: without tokens, and webhooks may go to addresses of this machine. */
export function isLocal(env: Env): boolean {
  return env.HEADSPRING_ENV === "local";
}
