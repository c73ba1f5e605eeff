/**
 * `npm run token`: makes a token, and the list that goes into the secret `API_TOKENS`.
 *
 * The token is shown once, on stderr; the list, which has only its hash, goes to stdout: into a file, or on to wrangler.
 */

import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as z from "zod";
import { RIGHTS } from "../src/http/auth-caller.ts";
import { type Token, Tokens } from "../src/http/auth-tokens.ts";
import { SCOPE, type Scope } from "../src/http/auth-scope.ts";
import { SCOPE_NAMES } from "../src/http/limits.ts";
import { NAME, STORE_NAME } from "../src/core/names.ts";

const USAGE = `npm run --silent token -- --name NAME --rights RIGHTS [--stores STORES] [--expires WHEN]
                      [--categories NAMES] [--aggregates NAMES] [--views NAMES]
                      [--list FILE] [--replace]

  --name     who will use it; it stands in the answers to requests that it may not make
  --rights   one or more of read, write and admin, with commas between them; none includes another
  --stores   names of stores, with commas between them; without it all
  --expires  until when it is taken: so many days from now, such as 90d, or a time, such as 2027-01-01T00:00:00Z; without it for ever

  With one or more of these three the token is narrowed: it may do nothing that none of them allows.

  --categories  categories whose streams it reads and, with the right to write, appends to and deletes
  --aggregates  aggregates and sagas that it reads, and whose commands it sends; order:PlaceOrder is one command only
  --views       views that it queries

  --list     the file with the list so far, which the new token is added to; - reads it from stdin
  --replace  the list has this name already: it gets a new token, and the one before is no longer known

The list goes to stdout and the token to stderr, so that this makes one for a deployment, and keeps the list:

  npm run --silent token -- --name me --rights read,write,admin | tee tokens.json | npx wrangler secret put API_TOKENS
`;

const Time = z.iso.datetime({ offset: true });
const DAY_MS = 86_400_000;

/** What a secret holds: 5 KB, the platform's limit (Workers, "Limits", environment variables). */
const SECRET_BYTES = 5_000;

/** What the options that narrow take. */
const NAMES = "names, or * for all";

/** Random bytes in a token. 256 bits: nobody guesses it, so a fast hash is enough. */
const TOKEN_BYTES = 32;

const { name, rights, stores, expires, list, replace, help, ...narrow } = options();
if (help) {
  console.log(USAGE);
  process.exit(0);
}
if (!name) giveUp("--name is missing: who will use the token?");
const tokens = list === undefined ? [] : tokensIn(list);
const others = tokens.filter((one) => one.name !== name);
if (others.length < tokens.length && !replace) giveUp(`the list has a token "${name}" already: choose another name, or --replace it`);
if (others.length === tokens.length && replace) giveUp(`the list has no token "${name}" to replace`);

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
  giveUp(
    `a secret holds ${SECRET_BYTES} bytes, and this list would have ${Buffer.byteLength(listed)}: begin another list without --list, ` +
      `and put it into the secret API_TOKENS_2 (up to API_TOKENS_9 are read)`,
  );
}
console.log(listed);
console.error(`
Token "${name}", shown this once. Whoever has it may ${token.rights.join(", ")} in ${token.stores.includes("*") ? "every store" : token.stores.join(", ")}${narrowed(token)}${token.expires === undefined ? "" : `, until ${token.expires}`}:

  ${secret}

The list above holds only hashes. It is the whole value of the secret: npx wrangler secret put API_TOKENS`);

function options() {
  try {
    return parseArgs({
      options: {
        name: { type: "string" },
        rights: { type: "string" },
        stores: { type: "string", default: "*" },
        expires: { type: "string" },
        categories: { type: "string" },
        aggregates: { type: "string" },
        views: { type: "string" },
        list: { type: "string" },
        replace: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return giveUp((error as Error).message);
  }
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
  if (text === undefined) giveUp(`${option} is missing: ${what}, with commas between them`);
  const names = text.split(",").map((one) => one.trim());
  const wrong = names.find((one) => !isValid(one));
  if (wrong !== undefined) giveUp(`${option} takes ${what}, with commas between them, not "${wrong}"`);
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
  if (!parsed.success) giveUp(`a token names at most ${SCOPE_NAMES} of each, and commands of an aggregate`);
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
  if (Number.isNaN(time)) giveUp(`--expires takes days from now, such as 90d, or a time, such as 2027-01-01T00:00:00Z, not "${text}"`);
  if (time <= Date.now()) giveUp(`--expires ${text} is over already`);
  return new Date(time).toISOString();
}

/** The list so far. An empty file is no list: `--list tokens.json > tokens.json` has emptied it before we could read it. */
function tokensIn(file: string): Token[] {
  try {
    return Tokens.parse(JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8")));
  } catch (error) {
    const why = error instanceof SyntaxError || !(error instanceof Error) ? "it is not JSON" : error.message;
    return giveUp(`${file === "-" ? "stdin" : file} has no list of tokens: ${why}`);
  }
}

function giveUp(why: string): never {
  console.error(`${why}\n\n${USAGE}`);
  process.exit(1);
}
