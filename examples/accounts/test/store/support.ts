/** The two workers of this project, on one store: started, killed and asked by the tests. */

import { type TestStore, startStore } from "headspring/testing/store";

export interface Bank {
  /** The worker that takes the commands. */
  readonly commands: TestStore;
  /** The worker that answers queries, on the same state. */
  readonly queries: TestStore;
  stop(): Promise<void>;
}

export async function startBank(): Promise<Bank> {
  const commands = await startStore({ configs: ["wrangler.jsonc"] });
  const queries = await startStore({ configs: ["wrangler.queries.jsonc"], nextTo: commands });
  return {
    commands,
    queries,
    stop: async () => {
      await queries.stop();
      await commands.stop();
    },
  };
}

// oxlint-disable-next-line typescript/no-explicit-any -- what an answer has is what its test is about
type Json = any;

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

export async function ask({ url }: TestStore, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  // As long as a busy machine may take.
  const response = await fetch(url + path, { headers: { prefer: "wait=30", ...headers } });
  return { status: response.status, body: await response.json() };
}

/** The same of a store that runs: 503 `unavailable` asks to send the request again. On this machine the two workers are processes that share the database's file. */
export async function askAgain(...asked: Parameters<typeof ask>): Promise<Answer> {
  for (;;) {
    const answer = await ask(...asked);
    if (answer.body?.code !== "unavailable") return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Sends it until it is answered: a repeat under one key happens once. */
export async function send({ url }: TestStore, path: string, body: object, key: string = crypto.randomUUID()): Promise<Answer> {
  const headers = { "idempotency-key": key, prefer: "wait=20" };
  for (;;) {
    try {
      const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
      if (response.status < 500) return { status: response.status, body: await response.json() };
    } catch {
      // It is being killed, or started.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export async function open(bank: Bank, accounts: readonly string[], cents: number): Promise<void> {
  await Promise.all(
    accounts.map(async (account) => {
      await send(bank.commands, `/aggregates/account/${account}/Open`, { owner: account });
      await send(bank.commands, `/aggregates/account/${account}/Deposit`, { cents });
    }),
  );
}
