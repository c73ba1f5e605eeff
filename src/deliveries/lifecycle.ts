/** Whether deliveries are made at all: paused by an operator, switched off by failures, or active. Changes are announced. */

import type { Disabled } from "../store/webhook-protocol.ts";
import type { Notices } from "./transport.ts";

interface Control {
  readonly paused?: boolean;
  readonly disabled?: Disabled;
  /** The log knows that it need not wake it. */
  readonly rested?: boolean;
}

export class Lifecycle {
  readonly #storage: DurableObjectStorage;
  readonly #notices: Notices;

  constructor(storage: DurableObjectStorage, notices: Notices) {
    this.#storage = storage;
    this.#notices = notices;
  }

  get isSending(): boolean {
    const { paused, disabled } = this.#control();
    return !paused && !disabled;
  }

  /** Undefined: active. */
  get status(): "paused" | "failed" | undefined {
    const { paused, disabled } = this.#control();
    if (disabled) return "failed";
    return paused ? "paused" : undefined;
  }

  get disabled(): Disabled | undefined {
    return this.#control().disabled;
  }

  /** Whether the log still believes that it need not wake it, although it is active again. */
  get owesTheLog(): boolean {
    return this.#control().rested === true && this.isSending;
  }

  pause(): void {
    this.#put({ ...this.#control(), paused: true });
  }

  /** Active again, whatever had stopped it. */
  resume(): void {
    const { disabled, rested } = this.#control();
    const at = new Date().toISOString();
    this.#storage.transactionSync(() => {
      this.#put(rested ? { rested } : {});
      if (disabled) this.#notices.enabled(at);
    });
  }

  /** Switches it off. Returns whether it was not off already. */
  disable(reason: Disabled["reason"]): boolean {
    const control = this.#control();
    if (control.disabled) return false;
    const at = new Date().toISOString();
    this.#storage.transactionSync(() => {
      this.#put({ ...control, disabled: { reason, at } });
      this.#notices.disabled(reason, at);
    });
    return true;
  }

  /** Notes that the log is about to hear that it need not wake it. */
  rest(): void {
    if (!this.#control().rested) this.#put({ ...this.#control(), rested: true });
  }

  /** The log wakes it again. */
  toldTheLog(): void {
    const { rested: _rested, ...control } = this.#control();
    this.#put(control);
  }

  #control(): Control {
    return this.#storage.kv.get<Control>("control") ?? {};
  }

  #put(control: Control): void {
    this.#storage.kv.put("control", control);
  }
}
