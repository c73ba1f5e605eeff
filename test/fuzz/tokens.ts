/** The senders of the requests: one that may do everything, and those that may do nothing. */

import { createHash } from "node:crypto";

/** The values of `Authorization`. An empty one is not sent. */
export interface Callers {
  readonly all: string;
  /** The token of `all`, bare. */
  readonly secret: string;
  readonly forbidden: readonly string[];
}

const SECRET = "hs_fuzz_all";
const NOWHERE = "hs_fuzz_elsewhere";
const NOTHING = "hs_fuzz_nothing";

const sha256 = (token: string) => createHash("sha256").update(token).digest("hex");

export const API_TOKENS = JSON.stringify([
  { name: "all", sha256: sha256(SECRET), rights: ["read", "write", "admin"] },
  // Every right, but in a store that no request asks for.
  { name: "elsewhere", sha256: sha256(NOWHERE), rights: ["read", "write", "admin"], stores: ["0-elsewhere-0"] },
  { name: "nothing", sha256: sha256(NOTHING), rights: [] },
]);

export const CALLERS: Callers = {
  all: `Bearer ${SECRET}`,
  secret: SECRET,
  forbidden: [
    "",
    `Bearer ${NOWHERE}`,
    `Bearer ${NOTHING}`,
    "Bearer guessed",
    "Bearer",
    `Basic ${SECRET}`,
    `Bearer ${SECRET}x`,
    `Bearer ${SECRET} x`,
  ],
};
