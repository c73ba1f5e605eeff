/**
 * Which calls between objects the runtime may send again when a connection breaks and it cannot tell whether they arrived: those that
 * change nothing when they are carried out twice (platform: Durable Objects, "Automatic retries"). All others fail, and the caller decides
 * what to do.
 */

import { retryable } from "cloudflare:durable-objects";

/** Marks methods of an object's class. Call it in a static block of the class that has them: an override is not marked. */
export function markRetryable<Class extends object>(prototype: Class, ...methods: readonly (keyof Class & string)[]): void {
  for (const name of methods) retryable(prototype[name] as () => unknown);
}
