/** A webhook's registration: declared in code, or added over HTTP, in which case it is kept here and can be changed. */

import { type Configuration, configured, patched } from "./configuration.ts";
import { headersProblem } from "../definitions/webhooks/headers.ts";
import type { Refused, SettingsPatch, Subscription } from "../store/webhook-protocol.ts";
import { type Keys, overlapEnd, rotated } from "./secrets.ts";
import type { Webhook } from "../definitions/webhooks/webhook.ts";

export class Registration {
  /** Undefined: it was added over HTTP. */
  readonly inCode: Webhook | undefined;
  readonly #id: string;
  readonly #variables: object;
  readonly #kv: SyncKvStorage;
  #configuration: Configuration | undefined;

  constructor(id: string, inCode: Webhook | undefined, variables: object, kv: SyncKvStorage) {
    this.#id = id;
    this.inCode = inCode;
    this.#variables = variables;
    this.#kv = kv;
  }

  /** Whether or not it may send at the moment. Undefined: the webhook does not exist, or is off in this deployment. */
  get configuration(): Configuration | undefined {
    return (this.#configuration ??= configured(this.#id, this.inCode, this.#variables, this.#kv));
  }

  /** Call it inside a transaction, together with the rest of a new webhook. */
  create(subscription: Subscription): void {
    this.#kv.put("subscription", subscription);
  }

  /** The storage is empty. */
  forget(): void {
    this.#configuration = undefined;
  }

  /** Undefined: it was changed. */
  change(patch: Omit<SettingsPatch, "paused">): Refused | undefined {
    const stored = this.#kv.get<Subscription>("subscription");
    if (this.inCode || !stored) return { refused: "it is declared in code: HTTP can only pause and resume it" };
    const next = patched(stored, patch);
    const problem = headersProblem(next.headers ?? {});
    if (problem) return { refused: problem, invalid: true };
    this.#kv.put("subscription", next);
    this.#configuration = undefined;
    return undefined;
  }

  /**
   * Sets another secret, and another pair of keys if it has one; the previous ones sign for a while. Undefined: the webhook was removed.
   */
  async rotate(secret: string, keys: Keys): Promise<{ secret: string; previousUntil: string } | Refused | undefined> {
    const now = Date.now();
    if (this.inCode)
      return {
        refused: "its secret is a variable of the deployment: set the variable to both secrets, the new one first, separated by a space",
      };
    if (this.configuration?.asymmetric) await keys.rotate(now);
    const stored = this.#kv.get<Subscription>("subscription"); // read after the await: nothing comes in between
    if (!stored) return undefined;
    this.create(rotated(stored, secret, now));
    this.#configuration = undefined;
    return { secret, previousUntil: overlapEnd(now) };
  }
}
