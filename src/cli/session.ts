/** What every command has: the store that it talks to, and whether a program reads the answers. */

import { type Command, Option } from "commander";
import { Connection } from "../client/connection.ts";
import { HeadspringError } from "../client/problem.ts";
import { UsageError } from "./failure.ts";

/** Where `headspring dev` listens. */
const LOCAL = "http://localhost:8787";

/** The variable of the environment that has the token. */
export const TOKEN_VARIABLE = "HEADSPRING_TOKEN";

export interface Session {
  /** Its address. */
  readonly url: string;
  readonly connection: Connection;
  /** The deployment, whatever the store: for what is the same in all of them. */
  readonly service: Connection;
  /** The address was named, and is not the one that is taken without. */
  readonly isUrlGiven: boolean;
  /** `--json`. */
  readonly isJson: boolean;
  /** Fails as soon as the first request finds nobody: a person does not want to wait for repetitions of a wrong address. */
  readonly unreachable: Promise<never>;
}

export interface GlobalOptions {
  readonly url: string;
  readonly store?: string;
  readonly token?: string;
  readonly json?: boolean;
}

/** Adds them to the program: they count before and after a command's name. */
export function addGlobalOptions(program: Command): Command {
  return program
    .addOption(new Option("--url <url>", "where the store is").env("HEADSPRING_URL").default(LOCAL))
    .addOption(new Option("--store <name>", "the store; without it `default`").env("HEADSPRING_STORE"))
    .addOption(new Option("--token <token>", "a bearer token; others can see arguments, so prefer the environment").env(TOKEN_VARIABLE))
    .option("--json", "JSON for programs: one value a line");
}

/**
 * Turns what a command does into an action of commander's.
 *
 * @param urlOption the option of the command that names the store, where that is another than `--url`
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- commander's actions have no types: each command says its own
export function acting<Args extends readonly unknown[], Options>(
  act: (session: Session, args: Args, options: Options) => Promise<void>,
  urlOption: string = "url",
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<GlobalOptions & Readonly<Record<string, unknown>>>();
    const named = options[urlOption];
    const source = command.getOptionValueSourceWithGlobals(urlOption);
    const isUrlGiven = source !== undefined && source !== "default";
    const session = sessionOf({ ...options, url: typeof named === "string" ? named : LOCAL }, isUrlGiven, urlOption);
    await Promise.race([act(session, command.processedArgs as unknown as Args, command.opts() as Options), session.unreachable]);
  };
}

function sessionOf({ url, store, token, json = false }: GlobalOptions, isUrlGiven: boolean, urlOption: string): Session {
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new UsageError(`--${urlOption} takes an address such as ${LOCAL}, not "${url}"`);
  let fail!: (error: unknown) => void;
  const unreachable = new Promise<never>((_resolve, reject) => (fail = reject));
  unreachable.catch(() => {}); // nobody may be waiting any more
  let hasAnswered = false;
  const send = async (...request: Parameters<typeof fetch>) => {
    try {
      const response = await fetch(...request);
      hasAnswered = true;
      return response;
    } catch (error) {
      if (!hasAnswered) fail(new HeadspringError("unreachable", `nothing answers at ${url}: ${whyOf(error)}`, 0));
      throw error;
    }
  };
  const how = { fetch: (address: string, init?: RequestInit) => send(address, init), token };
  const connection = new Connection(url, { ...how, store });
  return { url, connection, service: new Connection(url, how), isUrlGiven, isJson: json, unreachable };
}

/** Node hides why a connection failed in the cause. */
function whyOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? ("code" in cause && String(cause.code)) || cause.message : message;
}
