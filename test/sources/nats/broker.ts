/** A client of the test's NATS server, as somebody who publishes and administers. */

import { jetstream, jetstreamManager, type JetStreamManager, type StreamConfig } from "@nats-io/jetstream";
import { type NatsConnection, wsconnect } from "@nats-io/nats-core";
import { newId } from "../../../src/core/ids.ts";
import { ownServer } from "../own-server.ts";

export const server = await ownServer("nats");

export const CREDENTIALS = { user: "tests", password: "tests-password" };

export async function admin(): Promise<NatsConnection> {
  return wsconnect({ servers: server.url, user: CREDENTIALS.user, pass: CREDENTIALS.password, reconnect: false });
}

/** Connects, works, and closes: no connection outlives its test. */
export async function withAdmin<Result>(work: (manager: JetStreamManager, connection: NatsConnection) => Promise<Result>): Promise<Result> {
  const connection = await admin();
  try {
    return await work(await jetstreamManager(connection), connection);
  } finally {
    await connection.close();
  }
}

/** A stream of its own, of subjects that begin with its name. */
export async function freshStream(config: Partial<StreamConfig> = {}): Promise<string> {
  const name = `S${newId().replaceAll("-", "")}`;
  await withAdmin((manager) => manager.streams.add({ name, subjects: [`${name}.>`], ...config }));
  return name;
}

export async function publish(stream: string, payloads: readonly (string | Uint8Array)[], subject = "words"): Promise<void> {
  await withAdmin(async (_manager, connection) => {
    const js = jetstream(connection);
    for (const payload of payloads) await js.publish(`${stream}.${subject}`, payload);
  });
}

export function outsideOf(stream: string, more: object = {}) {
  return {
    settings: { connection: "NATS_URL", credentials: "NATS_CREDENTIALS", jetstream: stream, durable: `d_${stream}`, ...more },
    variables: { NATS_URL: server.url, NATS_CREDENTIALS: JSON.stringify(CREDENTIALS) },
  };
}
