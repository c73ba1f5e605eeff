/** A stream of NATS JetStream. The server is killed; what it has acknowledged is in its files. */

import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type NatsConnection, wsconnect } from "@nats-io/nats-core";
import { startNats } from "../servers/nats.ts";
import type { Outside, Written } from "./outside.ts";

const STREAM = "CHANGES";
const [user, pass] = ["tests", "tests-password"];

export async function natsOutside(): Promise<Outside> {
  const server = await startNats();
  let open: NatsConnection | undefined;
  const connected = async () => (open ??= await wsconnect({ servers: server.url, user, pass, reconnect: false }));
  await (await jetstreamManager(await connected())).streams.add({ name: STREAM, subjects: ["changes.>"] });
  return {
    kind: "nats",
    variables: { NATS_URL: server.url, NATS_CREDENTIALS: JSON.stringify({ user, password: pass }) },
    isOrdered: true,
    /** One after the other, each with an id by which the server knows it when it is written again. */
    async write(changes: readonly Written[]) {
      try {
        const stream = jetstream(await connected());
        for (const { key, n } of changes) await stream.publish(`changes.${key}`, JSON.stringify({ key, n }), { msgID: `${key}-${n}` });
      } catch (error) {
        await open?.close().catch(() => {});
        open = undefined;
        throw error;
      }
    },
    restart: () => server.actions!.restart!(""),
    async stop() {
      await open?.close().catch(() => {});
      await server.stop();
    },
  };
}
