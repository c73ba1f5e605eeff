/** What tests of effects share: effects that pay, and an outside that remembers what it was asked. */

import { effect, event } from "../../../src/index.ts";
import { reading } from "../app.ts";
import { payment } from "./support.ts";

/** Pays for every reading; what is asked in words is declined. */
export const pay = effect("pay", {
  from: reading,
  records: payment,
  on: {
    Read: async ({ data }, { fetch }) => {
      const answer = await fetch("https://payments.example/", { method: "POST", body: JSON.stringify({ value: data.value }) });
      if (answer.status === 402) return event("Declined", { reason: await answer.text() });
      if (!answer.ok) throw new Error(`the payment service answered ${answer.status}`);
      return event("Paid", { receipt: await answer.text() });
    },
  },
});

/** Sends every value, as text. */
export const definition = {
  from: reading,
  records: payment,
  on: {
    Read: async ({ data }: { data: { value: number } }, { fetch }: { fetch: (url: string, init: RequestInit) => Promise<Response> }) => {
      const answer = await fetch("https://payments.example/", { method: "POST", body: String(data.value) });
      if (!answer.ok) throw new Error(`the outside answered ${answer.status}`);
      return event("Paid", { receipt: "" });
    },
  },
} as const;

/** An outside that answers, and remembers what it was asked. */
export function outside(
  answer: (request: Request, call: number) => Response | Promise<Response> = (_request, call) => new Response(`r${call}`),
) {
  const keys: (string | null)[] = [];
  return {
    keys,
    fetch: async (request: Request) => {
      keys.push(request.headers.get("idempotency-key"));
      return answer(request, keys.length);
    },
  };
}
