/** A webhook's endpoint on this machine: checks signatures and keeps what it was sent. For the demo and the e2e tests. */

import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import type { ShopEvent } from "./client.ts";

export interface Delivery {
  /** The same over all attempts. */
  readonly id: string;
  readonly type: string;
  readonly event: ShopEvent;
  readonly traceparent: string | undefined;
}

export class Receiver {
  /** What came with a valid signature, in order of arrival; repeats included. */
  readonly deliveries: Delivery[] = [];
  /** Why anything else was turned away. */
  readonly refused: string[] = [];
  /** The secret that `POST /webhooks` has shown. */
  secret = "";
  /** How a delivery is answered. */
  answer: (response: ServerResponse, delivery: Delivery) => void = accept;
  readonly #server = createServer((request, response) => void this.#receive(request, response));

  static async listen(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let delivery: Delivery;
    try {
      const body = await text(request);
      new Webhook(this.secret).verify(body, request.headers as Record<string, string>); // throws
      const { type, data } = JSON.parse(body) as { type: string; data: ShopEvent };
      delivery = { id: String(request.headers["webhook-id"]), type, event: data, traceparent: request.headers.traceparent?.toString() };
      this.deliveries.push(delivery);
    } catch (error) {
      this.refused.push(String(error));
      response.writeHead(401).end();
      return;
    }
    this.answer(response, delivery);
  }
}

export function accept(response: ServerResponse): void {
  response.writeHead(204).end();
}
