/** Makes a token, and the list with its hash that goes into the secret `API_TOKENS`. */

import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import * as z from "zod";
import { NAME, STORE_NAME } from "../core/names.ts";
import { RIGHTS } from "../http/auth-caller.ts";
import { SCOPE, type Scope } from "../http/auth-scope.ts";
import { type Token, Tokens } from "../http/auth-tokens.ts";
import { SCOPE_NAMES } from "../http/limits.ts";
import { UsageError } from "./failure.ts";
import { note, print } from "./terminal.ts";

const Time = z.iso.datetime({ offset: true });
const DAY_MS = 86_400_000;

/** What a secret holds: 5 KB, the platform's limit (Workers, "Limits", environment variables). */
const SECRET_BYTES = 5_000;

/** What the options that narrow take. */
const NAMES = "names, or * for all";

/** Random bytes in a token. 256 bits: nobody guesses it, so a fast hash is enough. */
const TOKEN_BYTES = 32;

export interface TokenFlags {
  readonly name?: string;
  readonly rights?: string;
  readonly stores: string;
  readonly expires?: string;
  readonly list?: string;
  readonly replace?: boolean;
  readonly categories?: string;
  readonly aggregates?: string;
  readonly views?: string;
}

export function makeToken({ name, rights, stores, expires, list, replace = false, ...narrow }: TokenFlags): void {
  if (!name) throw new UsageError("--name is missing: who will use the token?");
  const tokens = list === undefined ? [] : tokensIn(list);
  const others = tokens.filter((one) => one.name !== name);
  if (others.length < tokens.length && !replace)
    throw new UsageError(`the list has a token "${name}" already: choose another name, or --replace it`);
  if (others.length === tokens.length && replace) throw new UsageError(`the list has no token "${name}" to replace`);

  const secret = `hs_${randomBytes(TOKEN_BYTES).toString("base64url")}`;
  const token: Token = {
    name,
    sha256: createHash("sha256").update(secret).digest("hex"),
    stores: namesIn("--stores", stores, (one) => one === "*" || STORE_NAME.test(one), `names that match ${STORE_NAME.source}, or *`),
    rights: namesIn("--rights", rights, isRight, "read, write or admin"),
    ...scopeIn(narrow),
    ...(expires === undefined ? {} : { expires: timeOf(expires) }),
  };
  const listed = JSON.stringify([...others, token]);
  if (Buffer.byteLength(listed) > SECRET_BYTES) {
    throw new UsageError(
      `a secret holds ${SECRET_BYTES} bytes, and this list would have ${Buffer.byteLength(listed)}: begin another list without --list, ` +
        `and put it into the secret API_TOKENS_2 (up to API_TOKENS_9 are read)`,
    );
  }
  print(listed);
  note(`
Token "${name}", shown this once. Its holder may ${token.rights.join(", ")} in ${token.stores.includes("*") ? "every store" : token.stores.join(", ")}${narrowed(token)}${token.expires === undefined ? "" : `, until ${token.expires}`}:

  ${secret}

The list above holds only hashes. It is the whole value of the secret: npx wrangler secret put API_TOKENS`);
}

/** The names of an option, which must be valid. */
function namesIn<Name extends string>(
  option: string,
  text: string | undefined,
  isValid: (name: string) => name is Name,
  what: string,
): Name[];
function namesIn(option: string, text: string | undefined, isValid: (name: string) => boolean, what: string): string[];
function namesIn(option: string, text: string | undefined, isValid: (name: string) => boolean, what: string): string[] {
  if (text === undefined) throw new UsageError(`${option} is missing: ${what}, with commas between them`);
  const names = text.split(",").map((one) => one.trim());
  const wrong = names.find((one) => !isValid(one));
  if (wrong !== undefined) throw new UsageError(`${option} takes ${what}, with commas between them, not "${wrong}"`);
  return [...new Set(names)];
}

/** What is left of the stores. */
function narrowed({ categories, aggregates, views }: Token): string {
  const commands = aggregates && Object.entries(aggregates).map(([name, some]) => (some === "*" ? name : `${name} (${some.join(", ")})`));
  const parts = Object.entries({ categories, aggregates: commands, views }).flatMap(([kind, names]) =>
    names ? `${kind} ${names.join(", ") || "none"}` : [],
  );
  return parts.length === 0 ? "" : `, narrowed to ${parts.join("; ")}`;
}

function isName(one: string): boolean {
  return one === "*" || NAME.test(one);
}

/** What narrows the token. */
function scopeIn({ categories, aggregates, views }: { categories?: string; aggregates?: string; views?: string }): Scope {
  const commands =
    aggregates === undefined
      ? undefined
      : namesIn(
          "--aggregates",
          aggregates,
          (one) => one.split(":").length <= 2 && one.split(":").every(isName),
          `${NAMES}, each with :Command for one of its commands`,
        );
  const scope = {
    ...(categories === undefined ? {} : { categories: namesIn("--categories", categories, isName, NAMES) }),
    ...(commands === undefined ? {} : { aggregates: commandsByAggregate(commands) }),
    ...(views === undefined ? {} : { views: namesIn("--views", views, isName, NAMES) }),
  };
  const parsed = z.object(SCOPE).safeParse(scope);
  if (!parsed.success) throw new UsageError(`a token names at most ${SCOPE_NAMES} of each, and commands of an aggregate`);
  return scope;
}

/** From `order:PlaceOrder`, and `order` for all its commands. */
function commandsByAggregate(names: readonly string[]): NonNullable<Scope["aggregates"]> {
  const byAggregate: Record<string, "*" | string[]> = {};
  for (const [aggregate = "", command = "*"] of names.map((one) => one.split(":"))) {
    const known = byAggregate[aggregate] ?? [];
    byAggregate[aggregate] = command === "*" || known === "*" ? "*" : [...known, command];
  }
  return byAggregate;
}

function isRight(name: string): name is (typeof RIGHTS)[number] {
  return (RIGHTS as readonly string[]).includes(name);
}

/** RFC 3339 UTC. What is over already was hardly meant. */
function timeOf(text: string): string {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  const time = days === undefined ? Date.parse(Time.safeParse(text).data ?? "") : Date.now() + Number(days) * DAY_MS;
  if (Number.isNaN(time))
    throw new UsageError(`--expires takes days from now, such as 90d, or a time, such as 2027-01-01T00:00:00Z, not "${text}"`);
  if (time <= Date.now()) throw new UsageError(`--expires ${text} is over already`);
  return new Date(time).toISOString();
}

/** The list so far. An empty file is not a list: `--list tokens.json > tokens.json` has emptied it before we could read it. */
function tokensIn(file: string): Token[] {
  try {
    return Tokens.parse(JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8")));
  } catch (error) {
    const why = error instanceof SyntaxError || !(error instanceof Error) ? "it is not JSON" : error.message;
    throw new UsageError(`${file === "-" ? "stdin" : file} has no list of tokens: ${why}`);
  }
}
