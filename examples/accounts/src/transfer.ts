/**
 * A transfer between two accounts: the money leaves one, reaches the other, and is settled; or it comes back, because the other account is
 * closed or unknown. Stored names: `transfer` and its steps.
 */

import { saga, send, series, step } from "headspring";
import * as z from "zod";
import { Cents, account } from "./account.ts";

const AccountId = z.string().min(1);

export const transfer = saga("transfer", {
  description: "Moves money from one account to another, exactly once, or gives it back.",
  input: z
    .object({ from: AccountId, to: AccountId, cents: Cents })
    .refine(({ from, to }) => from !== to, { path: ["to"], error: "another account" }),
  steps: ({ from, to, cents }, { id }) =>
    series(
      step("take", {
        action: () => send(account, from, "Send", { transfer: id, to, cents }),
        undo: () => send(account, from, "Return", { transfer: id }),
      }),
      step("give", { action: () => send(account, to, "Receive", { transfer: id, from, cents }) }),
      step("settle", { action: () => send(account, from, "Settle", { transfer: id }) }),
    ),
});
