/**
 * A worker that only answers queries: it finds the store's log and catalog in the worker that has the objects, and reads the tables that the
 * other worker keeps. It makes no table, folds no event and wakes nobody: whatever version of the code it is, it changes nothing that the
 * other worker's version has to know about.
 */

import type { HeadspringEnv } from "./env.ts";

const READS_ONLY = Symbol("reads only");

const marked = new WeakMap<HeadspringEnv, HeadspringEnv>();

/** The environment of such a worker. Whatever is made of it (for a place, or to count calls) is one, too. */
export function readingOnly(env: HeadspringEnv): HeadspringEnv {
  const known = marked.get(env) ?? (Object.create(env, { [READS_ONLY]: { value: true } }) as HeadspringEnv);
  marked.set(env, known);
  return known;
}

export function isReadingOnly(env: object): boolean {
  return READS_ONLY in env;
}
