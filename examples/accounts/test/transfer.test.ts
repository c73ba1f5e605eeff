import { complete, event, send } from "headspring";
import { accepted, given, refused, told } from "headspring/testing";
import { describe, it } from "vitest";
import { account } from "../src/account.ts";
import { transfer } from "../src/transfer.ts";

const start = told("Start", { from: "salary", to: "rent", cents: 50_00 });
// In the kit the instance has the id 1.
const take = send(account, "salary", "Send", { transfer: "1", to: "rent", cents: 50_00 });
const give = send(account, "rent", "Receive", { transfer: "1", from: "salary", cents: 50_00 });
const settle = send(account, "salary", "Settle", { transfer: "1" });
const back = send(account, "salary", "Return", { transfer: "1" });

describe("a transfer", () => {
  it("takes the money from one account, gives it to the other, and is settled", () => {
    given(transfer).when(start).thenSends(take);
    given(transfer, start).when(accepted(take)).thenSends(give);
    given(transfer, start, accepted(take)).when(accepted(give)).thenSends(settle);
    given(transfer, start, accepted(take), accepted(give))
      .when(accepted(settle))
      .then(event("StepCompleted", { step: "settle", version: 1 }), event("SagaCompleted", {}), complete());
  });

  it.each(["account-closed", "unknown-account"])("gives the money back when the other account answers %s", (reason) => {
    given(transfer, start, accepted(take)).when(refused(give, reason)).thenSends(back);
    given(transfer, start, accepted(take), refused(give, reason))
      .when(accepted(back))
      .then(event("StepUndone", { step: "take" }), event("SagaFailed", { step: "give", reason }), complete());
  });

  it("ends at once when the account has too little money", () => {
    given(transfer, start)
      .when(refused(take, "insufficient-funds"))
      .then(
        event("StepFailed", { step: "take", reason: "insufficient-funds" }),
        event("SagaFailed", { step: "take", reason: "insufficient-funds" }),
        complete(),
      );
  });
});
