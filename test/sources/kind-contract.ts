/** What every kind of source that is read must do, whatever it follows. A kind's tests call `readKindContract` with a server of that kind. */

import { describe, expect, it, onTestFinished } from "vitest";
import type { JsonValue } from "../../src/core/event.ts";
import { type AnySourceKind, type Change, type Connection, type SourceContext, SourceStopped } from "../../src/definitions/sources/kind.ts";

/** Of any settings: those of a test are parsed by the kind itself. */
export type AnyReadKind = Exclude<AnySourceKind, { readonly isBrought: true }>;

/** Something outside that nothing follows yet: made for one test. */
export interface Outside {
  readonly settings: object;
  /** The deployment's variables and bindings. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Changes something outside, in this order, and returns when that is done. The names are words. */
  put(names: readonly string[]): Promise<void>;
  /** The name that a change was put with. */
  nameOf(change: Change): string;
  /** Ends all connections to what is outside, as a crash of the server or of the network does. New ones are possible when it returns. */
  breakConnections(): Promise<void>;
  /** Takes away something that the source cannot go on without, but could begin again without. Absent: the kind has no such thing. */
  ruin?(): Promise<void>;
  /** What the kind has made outside and that is still there. Absent: it makes nothing. */
  leftovers?(): Promise<readonly string[]>;
  remove?(): Promise<void>;
}

/** What the engine keeps of a cursor. */
const CURSOR_CHARACTERS = 65_536;
/** A kind may need so many steps without a change before its first one. */
const EMPTY_STEPS = 8;

/** Follows the outside as the engine does, but step by step. It keeps what the engine keeps: the cursor, and each change once by its id. */
export class Follower {
  readonly stored: Change[] = [];
  cursor: JsonValue | undefined;
  readonly #ids = new Set<string>();
  #connection: Connection | undefined;
  readonly #kind: AnyReadKind;
  readonly #outside: Pick<Outside, "settings" | "variables">;
  readonly #names: { readonly store: string; readonly source: string };

  constructor(kind: AnyReadKind, outside: Pick<Outside, "settings" | "variables">, names = { store: "contract", source: "followed" }) {
    this.#kind = kind;
    this.#outside = outside;
    this.#names = names;
  }

  get context(): SourceContext {
    const { variables } = this.#outside;
    return {
      ...this.#names,
      cursor: this.cursor,
      binding(name) {
        if (variables[name] === undefined) throw new SourceStopped(`no variable or binding is called ${name}`);
        return variables[name];
      },
    };
  }

  connect(): Promise<Connection> {
    return this.#kind.connect(this.#kind.settings.parse(this.#outside.settings), this.context);
  }

  /** @param crash where this step ends, as a crash would */
  async step(limit = 100, crash?: "before-storing" | "while-storing" | "before-acknowledging"): Promise<{ readonly isAtEnd: boolean }> {
    this.#connection ??= await this.connect();
    const portion = await this.#connection.read(limit);
    if (crash === "before-storing") return this.#crash();
    const { changes } = portion;
    this.#keep(crash === "while-storing" ? changes.slice(0, Math.ceil(changes.length / 2)) : changes);
    if (crash === "while-storing") return this.#crash();
    if (portion.cursor !== undefined) this.cursor = JSON.parse(JSON.stringify(portion.cursor)) as JsonValue;
    if (JSON.stringify(this.cursor ?? null).length > CURSOR_CHARACTERS) throw new Error("a cursor of more than 64 KiB");
    if (crash === "before-acknowledging") return this.#crash();
    await this.#connection.acknowledge(portion);
    return { isAtEnd: changes.length === 0 && !portion.hasMore };
  }

  /** Until there is nothing new. What stays connected may say for ever that there is more: then until nothing has come for some steps. */
  async drain(limit = 100): Promise<readonly Change[]> {
    const before = this.stored.length;
    for (let empty = 0; empty < EMPTY_STEPS;) {
      const last = this.stored.length;
      const { isAtEnd } = await this.step(limit);
      if (isAtEnd) break;
      empty = this.stored.length === last ? empty + 1 : 0;
    }
    return this.stored.slice(before);
  }

  async disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  /** A connection that failed is given up, as the engine does. */
  async untilWorks<Result>(work: () => Promise<Result>, attempts = 50): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof SourceStopped || attempt === attempts) throw error;
        await this.disconnect();
        await scheduler.wait(100);
      }
    }
  }

  async forget(why: "reset" | "remove"): Promise<void> {
    await this.disconnect();
    await this.#kind.forget?.(this.#kind.settings.parse(this.#outside.settings), this.context, why);
    this.cursor = undefined;
  }

  async #crash(): Promise<{ readonly isAtEnd: boolean }> {
    await this.disconnect();
    return { isAtEnd: false };
  }

  #keep(changes: readonly Change[]): void {
    for (const change of changes) {
      if (this.#ids.has(change.id)) continue;
      this.#ids.add(change.id);
      this.stored.push(change);
    }
  }
}

const words = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `w${from + at}`);

/**
 * @param make the outside of one test. It is removed after it.
 * @param kind a name for the output, and the kind
 */
export function readKindContract(kind: { readonly name: string; readonly kind: AnyReadKind }, make: () => Promise<Outside>): void {
  const begin = async (): Promise<{ outside: Outside; follower: Follower; names: () => string[] }> => {
    const outside = await make();
    const follower = new Follower(kind.kind, outside);
    onTestFinished(async () => {
      await follower.disconnect();
      await follower.untilWorks(() => follower.forget("remove"), 5).catch(() => {});
      await outside.remove?.();
    });
    // From here on it follows: what is put later must come.
    await follower.drain();
    return { outside, follower, names: () => follower.stored.map((change) => outside.nameOf(change)) };
  };

  describe(`${kind.name} as a kind of source`, () => {
    it("brings every change once and in order, over one connection or many", async () => {
      const { outside, follower, names } = await begin();
      await outside.put(words(0, 20));
      await follower.drain();
      await follower.disconnect();
      await outside.put(words(20, 30));
      await follower.drain(7);
      await outside.put(words(30, 35));
      await follower.drain();
      expect(names()).toEqual(words(0, 35));
    });

    it("has a short id and plain JSON in every change", async () => {
      const { outside, follower } = await begin();
      await outside.put(words(0, 5));
      for (const { id, value, position, time } of await follower.drain()) {
        expect(id.length).toBeLessThanOrEqual(512);
        expect(position).not.toBe("");
        expect(JSON.parse(JSON.stringify(value))).toEqual(value);
        if (time !== undefined) expect(new Date(time).toISOString()).toBe(time);
      }
    });

    it("reads the same changes again, under the same ids, until they are stored", async () => {
      const { outside, follower } = await begin();
      await outside.put(words(0, 10));
      await follower.disconnect();
      const seen: Change[][] = [];
      for (let again = 0; again < 3; again++) {
        const connection = await follower.connect();
        const changes: Change[] = [];
        while (changes.length < 10) changes.push(...(await connection.read(100)).changes);
        await connection.close();
        seen.push(changes);
      }
      expect(seen[1]).toEqual(seen[0]);
      expect(seen[2]).toEqual(seen[0]);
    });

    it("goes on after a portion that is not acknowledged yet", async () => {
      const { outside, follower } = await begin();
      await outside.put(words(0, 12));
      await follower.disconnect();
      const connection = await follower.connect();
      const portions = [];
      for (let count = 0; count < 12; count += portions.at(-1)!.changes.length) portions.push(await connection.read(5));
      for (const portion of portions) await connection.acknowledge(portion);
      await connection.close();
      expect(portions.flatMap(({ changes }) => changes.map((change) => outside.nameOf(change)))).toEqual(words(0, 12));
    });

    it.for(["before-storing", "while-storing", "before-acknowledging"] as const)(
      "loses and doubles nothing in a crash %s",
      async (crash) => {
        const { outside, follower, names } = await begin();
        await outside.put(words(0, 30));
        for (let step = 0; step < 3; step++) {
          await follower.step(6);
          await follower.step(6, crash);
        }
        await follower.drain(6);
        expect(names()).toEqual(words(0, 30));
      },
    );

    it("goes on after its connection broke, wherever that happened", async () => {
      const { outside, follower, names } = await begin();
      await outside.put(words(0, 10));
      // Before a read, between reading and acknowledging, and while it closes.
      await outside.breakConnections();
      await follower.untilWorks(() => follower.drain(4));
      await outside.put(words(10, 20));
      const connection = await follower.untilWorks(() => follower.connect());
      const portion = await connection.read(4);
      await outside.breakConnections();
      await connection.acknowledge(portion).catch(() => {});
      await connection.close();
      await follower.disconnect();
      await follower.untilWorks(() => follower.drain(4));
      expect(names()).toEqual(words(0, 20));
    });

    it("closes twice without complaint, broken or not", async () => {
      const { outside, follower } = await begin();
      await follower.disconnect();
      const connection = await follower.connect();
      await outside.breakConnections();
      await connection.close();
      await expect(connection.close()).resolves.toBeUndefined();
    });

    it("stops when there is no variable with the name in the definition", async () => {
      const outside = await make();
      onTestFinished(async () => outside.remove?.());
      const follower = new Follower(kind.kind, { ...outside, variables: {} });
      expect(kind.kind.needs(kind.kind.settings.parse(outside.settings)).toSorted()).toEqual(Object.keys(outside.variables).toSorted());
      await expect(follower.connect()).rejects.toBeInstanceOf(SourceStopped);
    });

    it("begins again after a reset", async () => {
      const { outside, follower } = await begin();
      await outside.put(words(0, 3));
      await follower.drain();
      await follower.forget("reset");
      await follower.drain();
      await outside.put(words(3, 6));
      const after = (await follower.drain()).map((change) => outside.nameOf(change));
      expect(after).toEqual(words(3, 6));
    });

    it("leaves nothing outside when it is removed, even if that is asked for twice", async () => {
      const { outside, follower } = await begin();
      const { cursor } = follower;
      await follower.forget("remove");
      follower.cursor = cursor;
      await follower.forget("remove");
      expect((await outside.leftovers?.()) ?? []).toEqual([]);
    });

    it("stops when what it follows is gone, and begins again after a reset", async ({ skip }) => {
      const { outside, follower, names } = await begin();
      if (!outside.ruin) return skip();
      await outside.put(words(0, 2));
      await follower.drain();
      await follower.disconnect();
      await outside.ruin();
      await expect(follower.drain()).rejects.toBeInstanceOf(SourceStopped);
      await follower.forget("reset");
      await follower.drain();
      await outside.put(words(2, 4));
      await follower.drain();
      expect(names().slice(-2)).toEqual(words(2, 4));
    });
  });
}
