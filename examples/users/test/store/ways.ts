/** Two ways to send a command to a user: by HTTP alone, and by the typed client. Both answer alike, so that a test runs with either. */

import { HeadspringError, createClient } from "headspring/client";
import type { app } from "../../src/app.ts";
import type { user } from "../../src/user.ts";

export type Command = keyof (typeof user)["commands"];

/** The outcome of a command: what it led to, or the code of the problem, with its members. */
export type Outcome =
  | { readonly version: number; readonly events: readonly string[] }
  | { readonly code: string; readonly [member: string]: unknown };

export interface Way {
  readonly name: string;
  /** @param sequence the version of the user that the command is about: their `readSequence` */
  send(store: string, id: string, command: Command | "UnhandledCommand", data: object, sequence: number): Promise<Outcome>;
  state(store: string, id: string): Promise<unknown>;
}

interface Stored {
  readonly version: number;
  readonly events: readonly { readonly type: string }[];
}
const outcome = ({ version, events }: Stored): Outcome => ({ version, events: events.map(({ type }) => type) });

export const http: Way = {
  name: "HTTP",
  async send(store, id, command, data, sequence) {
    const headers = { "content-type": "application/json", "if-match": `"${sequence}"` };
    const response = await fetch(`${store}/aggregates/user/${id}/${command}`, { method: "POST", headers, body: JSON.stringify(data) });
    return response.ok ? outcome(await response.json<Stored>()) : await response.json<Outcome>();
  },
  async state(store, id) {
    const response = await fetch(`${store}/aggregates/user/${id}`);
    return (await response.json<{ state: unknown }>()).state;
  },
};

export const client: Way = {
  name: "the client",
  async send(store, id, command, data, sequence) {
    // The data comes from the test, which goes both ways: in a program, the compiler checks it.
    const commands = createClient<typeof app>(store).user(id) as unknown as Record<
      string,
      (...sent: unknown[]) => Promise<Stored & { ok: boolean }>
    >;
    try {
      const result = await commands[command]?.(data, { ifMatch: sequence });
      return result?.ok ? outcome(result) : { code: "command-refused", ...result };
    } catch (error) {
      if (error instanceof HeadspringError) return { ...error.problem, code: error.code };
      throw error;
    }
  },
  async state(store, id) {
    return (await createClient<typeof app>(store).user(id).state())?.state;
  },
};
