/** A socket's messages, as something to wait for. */

export class SocketReader {
  /** Why the other side closed the socket. */
  reason = "";
  #messages: string[] = [];
  #closed = false;
  #arrived = () => {};

  constructor(socket: WebSocket) {
    socket.addEventListener("message", ({ data }) => {
      this.#messages.push(data as string);
      this.#arrived();
    });
    socket.addEventListener("close", ({ reason }) => {
      this.reason = reason;
      this.#closed = true;
      this.#arrived();
    });
    socket.accept();
  }

  /** All messages that have arrived, once there is one; none when the time is over. */
  async take(waitMs: number): Promise<string[] | "closed"> {
    if (this.#messages.length === 0 && !this.#closed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#arrived = resolve;
      const timer = setTimeout(resolve, waitMs);
      await promise;
      clearTimeout(timer);
    }
    return this.#messages.length === 0 && this.#closed ? "closed" : this.#messages.splice(0);
  }
}
