/** Which transactions a snapshot of the database shows. */

/** Transactions are counted on with 32 bits in the log, with 64 in a snapshot. */
const WRAP = 2 ** 32;

export class Snapshot {
  readonly text: string;
  readonly #before: number;
  readonly #end: number;
  readonly #running: ReadonlySet<number>;

  /** @param text as `pg_current_snapshot()` writes it: the first transaction that runs, the first that has not begun, and those between that run */
  constructor(text: string) {
    const [before, end, running = ""] = text.split(":");
    this.text = text;
    this.#before = Number(before);
    this.#end = Number(end);
    this.#running = new Set(running === "" ? [] : running.split(",").map(Number));
  }

  /** Whether a transaction that has committed is visible. */
  shows(xid: number): boolean {
    let whole = Math.floor(this.#end / WRAP) * WRAP + xid;
    if (whole > this.#end + WRAP / 2) whole -= WRAP;
    else if (whole < this.#end - WRAP / 2) whole += WRAP;
    return whole < this.#before || (whole < this.#end && !this.#running.has(whole));
  }
}
