/** The runtime's own port. Wrangler's proxy before it answers some broken requests by itself, and dies of others. */

import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import type { DevServer } from "../../scripts/dev-server.ts";
import { processes } from "../e2e/processes.ts";

/** The URL at which workerd itself answers; on systems without `/proc` the proxy's. */
export async function runtimeOf(server: DevServer): Promise<string> {
  const { port } = new URL(server.url);
  const runtime = processes().find(
    ({ group, command }) => group === server.group && command.includes("workerd serve") && !command.includes(`=entry=127.0.0.1:${port} `),
  );
  for (const candidate of runtime ? portsOf(runtime.pid) : []) {
    const url = `http://127.0.0.1:${candidate}`;
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok && (await answer.text()).includes('"ok"')) return url;
  }
  return server.url;
}

/** The ports on which a process listens. */
function portsOf(pid: number): number[] {
  try {
    const sockets = new Set(
      readdirSync(`/proc/${pid}/fd`).flatMap((file) => /^socket:\[(\d+)\]$/.exec(targetOf(`/proc/${pid}/fd/${file}`))?.[1] ?? []),
    );
    const connections = readFileSync(`/proc/${pid}/net/tcp`, "utf8").split("\n").slice(1);
    return connections.flatMap((line) => {
      const [, local = "", , state, , , , , , socket = ""] = line.trim().split(/\s+/);
      return state === LISTENS && sockets.has(socket) ? [Number.parseInt(local.split(":")[1] ?? "", 16)] : [];
    });
  } catch {
    return [];
  }
}

const LISTENS = "0A";

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ""; // closed in between
  }
}
