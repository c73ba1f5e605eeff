/** What a source of PostgreSQL makes of answers that the server of the tests does not give: those of other versions, or at rare times. */

import pg from "pg";
import { describe, expect, it } from "vitest";
import { SourceStopped } from "../../../src/definitions/sources/kind.ts";
import { type Names, serverOf } from "../../../src/sources/postgres/claim.ts";
import { Decoder } from "../../../src/sources/postgres/decode.ts";
import type { Row, Session } from "../../../src/sources/postgres/session.ts";
import { HeldSlot } from "../../../src/sources/postgres/slot.ts";
import { Types } from "../../../src/sources/postgres/values.ts";
import { Snapshot } from "../../../src/sources/postgres/visible.ts";

/** A connection whose next answer is this. */
const answering = (transaction: () => Promise<readonly Row[]>) => ({ transaction }) as unknown as Session;

function reported(code: string, message: string): Error {
  return Object.assign(new pg.DatabaseError(message, message.length, "error"), { code });
}

describe("a server that a source cannot follow", () => {
  const follow = (row: Row) => serverOf(answering(async () => [row]));

  it.each([
    ["is too old", ["120022", "logical", "f", "reader"], "this server is older than PostgreSQL 13"],
    ["is a standby", ["160000", "logical", "t", "reader"], "this server is a standby: the source must connect to the primary"],
    [
      "does not write its log for decoding",
      ["160000", "replica", "f", "reader"],
      "the server's log has not what a source needs: wal_level is replica. An administrator runs ALTER SYSTEM SET wal_level = logical, and restarts the server",
    ],
  ])("stops it with the reason: it %s", async (_why, row, reason) => {
    await expect(follow(row)).rejects.toThrow(new SourceStopped(reason));
  });

  it("is not one of the oldest version that can be followed", async () => {
    expect(await follow(["130000", "logical", "f", "reader"])).toEqual({ version: 130_000, role: "reader" });
  });
});

describe("an error while the slot is read", () => {
  const names: Names = { slot: "stock", publication: "stock", source: "default/stock", owner: "o" };
  const explained = (error: unknown) =>
    new HeldSlot(
      answering(() => Promise.reject(new Error("the connection broke"))),
      names,
    ).explained(error);

  it("says that the slot is in use, even if the server does not say by which program", async () => {
    const error = await explained(reported("55006", 'replication slot "stock" is active for PID 7'));
    expect(error).toMatchObject({ message: "the slot stock is in use by another connection: a slot can have one reader" });
    expect(error).not.toBeInstanceOf(SourceStopped);
  });

  it.each([
    ["the server's that says nothing about the slot", reported("55000", "the database system is not accepting connections")],
    ["the server's that passes", reported("57P01", "terminating connection due to administrator command")],
    ["the network's", new Error("Connection terminated unexpectedly")],
  ])("is tried again as it is, if it is %s", async (_whose, error) => {
    expect(await explained(error)).toBe(error);
  });
});

describe("a message of the server's decoder", () => {
  it("that is too large and no change of a row is refused, with its size", () => {
    // A description of a table, of which only the beginning was fetched.
    expect(() => new Decoder().items(String.raw`\x5200000001`, 600_000)).toThrow("a message of the decoder has 600000 bytes");
  });
});

describe("the text of an array", () => {
  const types = new Types();
  types.learn(
    [1009],
    [
      ["1009", null, "25", ","],
      ["25", null, null, ","],
    ],
  );

  it.each(["", "{", "{a", "{a,", "{a,{b}", '{"a', '{"a,b}', String.raw`{"a\ `.trim(), "[0:1]={a"])(
    "that ends too early is refused: %s",
    (text) => {
      expect(() => types.reader(1009)(text)).toThrow("an array of the database ends too early");
    },
  );
});

describe("a transaction's number of 32 bits", () => {
  const WRAP = 2 ** 32;

  it("is that of the nearest transaction, on either side of where the numbers begin again", () => {
    const after = new Snapshot(`${WRAP - 10}:${WRAP + 10}:${WRAP - 5},${WRAP + 5}`);
    expect([WRAP - 11, WRAP - 5, WRAP - 4, 4, 5, 6, 9, 10].map((xid) => after.shows(xid))).toEqual([
      true,
      false,
      true,
      true,
      false,
      true,
      true,
      false,
    ]);
    const before = new Snapshot(`${WRAP - 10}:${WRAP - 3}:${WRAP - 5}`);
    expect([WRAP - 11, WRAP - 5, WRAP - 4, WRAP - 3, 3, 100].map((xid) => before.shows(xid))).toEqual([
      true,
      false,
      true,
      false,
      false,
      false,
    ]);
  });
});
