/** Sends requests as they are: a client that normalises nothing and cannot be put off. */

import { Agent, request as send } from "node:http";
import { connect } from "node:net";
import type { FuzzRequest } from "./requests.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, or as much of it as arrived if it had no end. */
  readonly text: string;
}

/** Milliseconds after which a request counts as never answered. The longest that a request may ask to wait is half of it. */
const ANSWER_MS = 60_000;
/** Characters of an answer that are read. Lines and server-sent events may go on for ever. */
const TEXT_CHARACTERS = 4_000_000;

/** Connections to one server, of which so many are used at once. */
export class Wire {
  readonly #host: string;
  readonly #port: number;
  readonly #agent: Agent;

  constructor(url: string, connections: number) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** @throws {Error} when no answer comes */
  send({ method, path, headers, body }: Omit<FuzzRequest, "operationId">): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const isUpgrade = Object.keys(headers).some((name) => name.toLowerCase() === "upgrade");
      const request = send({
        host: this.#host,
        port: this.#port,
        method,
        path,
        headers: { ...headers, ...(isUpgrade ? UPGRADE : {}), ...(body ? { "Content-Length": body.length } : {}) },
        // A connection that is upgraded, or given up in the middle of an answer, is not used again.
        agent: isUpgrade ? false : this.#agent,
      });
      const timer = setTimeout(() => request.destroy(new Error(`no answer within ${ANSWER_MS / 1_000} s`)), ANSWER_MS);
      const done = (answer: Answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      request.once("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
      request.once("upgrade", (response, socket) => {
        socket.destroy();
        done({ status: response.statusCode ?? 0, headers: response.headers, text: "" });
      });
      request.once("response", (response) => {
        const { statusCode: status = 0, headers } = response;
        let text = "";
        // What is live has no end.
        const isLive = headers["content-type"] === "text/event-stream";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
          if (!isLive && text.length < TEXT_CHARACTERS) return;
          done({ status, headers, text });
          request.destroy();
        });
        response.once("end", () => done({ status, headers, text }));
        response.once("error", (error) => reject(error));
      });
      request.end(body);
    });
  }

  /**
   * Bytes over a connection of their own, piece by piece. `half`: the client says that nothing more comes; `cut`: it is
   * gone at once; `stay`: it waits.
   *
   * @returns what came back until the server closed, or until so many milliseconds had passed
   */
  raw(pieces: readonly (string | Buffer)[], end: "half" | "cut" | "stay", pauseMs: number, waitMs: number): Promise<string> {
    return new Promise((resolve) => {
      let text = "";
      const socket = connect({ host: this.#host, port: this.#port, allowHalfOpen: true });
      const done = () => {
        clearTimeout(timer);
        socket.destroy();
        resolve(text);
      };
      const timer = setTimeout(done, waitMs);
      socket.setEncoding("latin1").on("data", (piece: string) => (text += piece));
      socket.once("error", done).once("end", done);
      socket.once("connect", () => void write());
      async function write() {
        for (const piece of pieces) {
          if (socket.destroyed) return;
          socket.write(piece);
          await new Promise((next) => setTimeout(next, pauseMs));
        }
        if (end === "cut") done();
        else if (end === "half") socket.end();
      }
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

const UPGRADE = {
  Connection: "Upgrade",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};
