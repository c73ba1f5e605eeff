/** A server for one file of tests, which may break it: other files do not notice. */

import { inject } from "vitest";

export interface OwnServer {
  readonly url: string;
  readonly more: Readonly<Record<string, string>>;
  /** Breaks its connections, restarts it: what the server's file in `servers` offers. */
  act(action: string, body?: unknown): Promise<void>;
}

async function ask<Answer>(path: string, body: unknown = null): Promise<Answer> {
  const response = await fetch(`${inject("control")}/${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}

/** Where the program is not installed, the tests are skipped, and do not ask it for anything. */
export async function ownServer(name: "nats" | "mqtt" | "postgres"): Promise<OwnServer> {
  if (inject("servers")[name] === undefined) return { url: "", more: {}, act: async () => {} };
  const { key, url, more } = await ask<{ key: string; url: string; more: Record<string, string> }>(name);
  return { url, more, act: (action, body) => ask(`${key}/${action}`, body) };
}
