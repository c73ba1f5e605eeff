/** The network between a source and its server: it can break. */

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isRefusing = false;

  constructor(to: number) {
    this.#server = createServer((near) => {
      const far = connect(to, "127.0.0.1");
      let isOpen = false;
      near.on("data", () => {
        if (isOpen && this.#isRefusing) near.destroy();
        isOpen = true;
      });
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.pipe(other);
        socket.once("error", () => other.destroy());
        socket.once("close", () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections. */
  break(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on, or no longer: ends a connection without a word when the client says something after it has opened its WebSocket. */
  refuse(isRefusing: boolean): void {
    this.#isRefusing = isRefusing;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#server.close(resolve));
    this.break();
    await ended;
  }
}
