/** Does something to a server: breaks its connections, restarts it. */

import { inject } from "vitest";

export async function act(server: "nats" | "mqtt", action: string, body: unknown = null): Promise<void> {
  const response = await fetch(`${inject("actions")}/${server}/${action}`, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${server} ${action}: ${await response.text()}`);
}
