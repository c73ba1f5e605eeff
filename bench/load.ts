/** Clients that send as fast as they are answered. */

import { Agent, request } from "node:http";

export interface Call {
  readonly path: string;
  /** Present: a POST of this text. */
  readonly body?: string;
  readonly accept?: string;
}

export interface Load {
  /** Calls answered in a second. */
  readonly perSecond: number;
  /** Milliseconds, sorted. */
  readonly latencies: readonly number[];
}

/** `clients` connections, each with one call under way, for so many seconds. Every answer must be a success. */
export async function load(url: string, clients: number, seconds: number, next: (number: number) => Call): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const latencies: number[] = [];
  let number = 0;
  const began = performance.now();
  const until = began + seconds * 1_000;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < until) {
        const sent = performance.now();
        await send(agent, url, next(number++));
        latencies.push(performance.now() - sent);
      }
    }),
  );
  const perSecond = (latencies.length / (performance.now() - began)) * 1_000;
  agent.destroy();
  return { perSecond, latencies: latencies.toSorted((a, b) => a - b) };
}

/** The same for so many calls. */
export async function loadCalls(url: string, clients: number, calls: number, next: (number: number) => Call): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  let number = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (number < calls) await send(agent, url, next(number++));
    }),
  );
  agent.destroy();
}

/** @returns the answer's length in bytes */
export function send(agent: Agent, url: string, { path, body, accept = "*/*" }: Call): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept,
      ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    const sent = request(url + path, { agent, method: body === undefined ? "GET" : "POST", headers }, (answer) => {
      let bytes = 0;
      const failed = (answer.statusCode ?? 500) >= 300;
      let text = "";
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (failed) text += chunk.toString();
      });
      answer.on("end", () => (failed ? reject(new Error(`${path} answered ${answer.statusCode} ${text}`)) : resolve(bytes)));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
