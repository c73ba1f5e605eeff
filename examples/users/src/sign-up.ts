/**
 * A saga, after the one of Simple Sagas' example: a new user gets an account, whose funds are reserved and then spent. Stored names: `sign-up`
 * and its steps.
 */

import { parallel, saga, send, series, step } from "headspring";
import * as z from "zod";
import { account } from "./account.ts";
import { user } from "./user.ts";

const Cents = z.int().positive();

export const signUp = saga("sign-up", {
  description: "Creates a user with an account, reserves amounts of its funds, and confirms them: all of it, or nothing.",
  input: z.object({
    user: z.string().min(1),
    firstName: z.string().min(1),
    lastName: z.string().min(1),
    account: z.string().min(1),
    funds: z.int().nonnegative(),
    reservations: z.array(z.object({ reservation: z.string().min(1), amount: Cents })).default([]),
    /** Reserves at the same time: their `inParallel`; else one after the other, `inSeries`. */
    atOnce: z.boolean().default(false),
    /** By how much the confirmed amounts are above the reserved ones. */
    adjustment: z.int().nonnegative().default(0),
    /** Their `RetryStrategy.repeat(n, 200ms)` of an action type. Here each step has its own; these take it from the input. */
    retries: z.int().nonnegative().max(5).default(0),
  }),
  steps: (input) => {
    const { user: userId, account: id, firstName, lastName, funds, reservations, atOnce, adjustment, retries } = input;
    const retry = { attempts: retries + 1, delay: "200ms", backoff: "constant" } as const;
    const reserve = reservations.map(({ reservation, amount }) =>
      step(`reserve ${reservation}`, {
        action: () => send(account, id, "ReserveFunds", { reservation, amount }),
        undo: () => send(account, id, "CancelReservation", { reservation }),
        retry,
      }),
    );
    const confirm = reservations.map(({ reservation, amount }) =>
      step(`confirm ${reservation}`, {
        action: () => send(account, id, "ConfirmReservation", { reservation, amount: amount + adjustment }),
        retry,
      }),
    );
    return series(
      step("create user", {
        action: () => send(user, userId, "InsertUser", { firstName, lastName }),
        undo: () => send(user, userId, "DeleteUser", {}),
        retry,
      }),
      // Without an undo: the account stays.
      step("create account", {
        action: () => send(account, id, "CreateAccount", { userName: `${firstName} ${lastName}`, funds }),
        retry,
      }),
      atOnce ? parallel(...reserve) : series(...reserve),
      series(...confirm),
    );
  },
});
