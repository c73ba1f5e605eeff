/** Which transactions a snapshot of the database shows. */

/** Transactions are counted on with 32 bits in the log, with 64 in a snapshot. */
const WRAP = 2 ** 32;
/** Those before it are the server's own. */
const FIRST_XID = 3;

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

  /** Whether a transaction that has committed is visible. Not for subtransactions: a snapshot does not list those that run. */
  shows(xid: number): boolean {
    const whole = this.#whole(xid);
    return whole < this.#before || (whole < this.#end && !this.#running.has(whole));
  }

  /**
   * Whether a row that a later snapshot shows was written after this one. `unclear`: it may have been. `xmin` has 32 bits: once more transactions than that
   * have been, an ancient row may have any number.
   */
  isBefore(xmin: number, later: Snapshot): "yes" | "no" | "unclear" {
    const whole = this.#whole(xmin);
    if (xmin < FIRST_XID || whole < this.#before || whole >= later.#end) return "no";
    // One of those between that is not listed has ended before, or is a subtransaction of one that is.
    return (whole >= this.#end || this.#running.has(whole)) && later.#end < WRAP ? "yes" : "unclear";
  }

  #whole(xid: number): number {
    const whole = Math.floor(this.#end / WRAP) * WRAP + xid;
    if (whole > this.#end + WRAP / 2) return whole - WRAP;
    return whole < this.#end - WRAP / 2 ? whole + WRAP : whole;
  }
}
