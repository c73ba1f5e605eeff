/** A payment service on this machine, for the demo: takes the money, refuses it, or does not make up its mind, as the amount says. */

import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

/** Amounts with a meaning, in cents. Any other is paid. */
export const REFUSED = 666;
export const UNDECIDED = 777;

export class PaymentService {
  /** Charges that were made, by the key that came with them: a repeated call makes no second one. */
  readonly charges = new Map<string, { readonly order: string; readonly cents: number; readonly receipt: string }>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async listen(): Promise<PaymentService> {
    const service = new PaymentService();
    await new Promise<void>((resolve) => service.#server.listen(0, "127.0.0.1", resolve));
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { order, cents } = (await json(request)) as { order: string; cents: number };
    const key = String(request.headers["idempotency-key"]);
    if (cents === REFUSED) return void response.writeHead(402).end();
    if (cents === UNDECIDED) return void response.writeHead(202).end();
    const charge = this.charges.get(key) ?? { order, cents, receipt: `receipt-${this.charges.size + 1}` };
    this.charges.set(key, charge);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ receipt: charge.receipt }));
  }
}
