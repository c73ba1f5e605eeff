/** A segment's place in its log: its number, what it took over from the previous segment, and whether it is the last. */

import type { HeadspringEnv } from "../store/env.ts";
import type { App } from "../definitions/app.ts";
import { nameOf } from "../store/objects.ts";
import { PreviousSegments } from "./previous-segments.ts";
import type { Erasures } from "./erasures.ts";
import type { LogTable } from "./log-table.ts";
import { openTable } from "./open-table.ts";
import { LogReader } from "./reader.ts";
import { type Handover, type SegmentInfo, type SegmentRpc, parseSegmentName, segmentName } from "../store/segment.ts";

/** A segment that knows its place. */
export interface Begun {
  readonly info: SegmentInfo;
  readonly table: LogTable;
  readonly earlier: PreviousSegments;
  readonly reader: LogReader;
}

export class SegmentState {
  readonly store: string;
  /** 1, 2, 3 … */
  readonly number: number;
  readonly #ctx: DurableObjectState;
  readonly #env: HeadspringEnv;
  readonly #app: App;
  readonly #erasures: Erasures;
  readonly #tookOver: (handover: Handover) => void;
  #begun: Begun | undefined;
  #takingOver: Promise<Begun> | undefined;
  #sealed: boolean;

  /** @param tookOver called inside the transaction that stores what the previous segment handed over */
  constructor(ctx: DurableObjectState, env: HeadspringEnv, app: App, erasures: Erasures, tookOver: (handover: Handover) => void) {
    ({ store: this.store, number: this.number } = parseSegmentName(nameOf(ctx)));
    this.#ctx = ctx;
    this.#env = env;
    this.#app = app;
    this.#erasures = erasures;
    this.#tookOver = tookOver;
    this.#sealed = ctx.storage.kv.get("sealed") === true;
    const info = this.number === 1 ? { number: 1, first: 1, earlier: [] } : ctx.storage.kv.get<SegmentInfo>("segment");
    this.#begun = info && this.#standAt(info);
  }

  /** The log continues in the next segment; this one takes no more events. */
  get sealed(): boolean {
    return this.#sealed;
  }

  /** Call it inside the transaction that fills the segment, and {@link sealedNow} when that has committed. */
  seal(): void {
    this.#ctx.storage.kv.put("sealed", true);
  }

  sealedNow(): void {
    this.#sealed = true;
  }

  /** What is known without asking the previous segment; undefined: this one has not taken over yet. */
  get known(): Begun | undefined {
    return this.#begun;
  }

  async begun(): Promise<Begun> {
    if (this.#begun) return this.#begun;
    this.#takingOver ??= this.#takeOver().finally(() => (this.#takingOver = undefined));
    return this.#takingOver;
  }

  segment(number: number): SegmentRpc {
    return this.#env.LOGS.getByName(segmentName(this.store, number));
  }

  /** Asks the previous segment for its handover, until it is stored. */
  async #takeOver(): Promise<Begun> {
    const handover = await this.segment(this.number - 1).handover();
    if (!handover) throw new Error(`segment ${this.number} of the log was asked before segment ${this.number - 1} was sealed`);
    const { first, earlier } = handover;
    const info = { number: this.number, first, earlier };
    this.#ctx.storage.transactionSync(() => {
      this.#ctx.storage.kv.put("segment", info);
      this.#tookOver(handover);
    });
    return (this.#begun = this.#standAt(info));
  }

  #standAt(info: SegmentInfo): Begun {
    const table = openTable(this.#ctx.storage, info.first);
    const earlier = new PreviousSegments(info, (number) => this.segment(number));
    return { info, table, earlier, reader: new LogReader(this.#app, table, earlier, this.#erasures) };
  }
}
