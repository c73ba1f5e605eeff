import { event } from "headspring";
import { NOW, given, on } from "headspring/testing";
import { describe, it } from "vitest";
import { balances } from "../src/views.ts";

describe("the balances", () => {
  it("follow every movement of an account", () => {
    given(
      balances,
      on("account/salary", event("AccountOpened", { owner: "a customer" })),
      on("account/salary", event("MoneyDeposited", { cents: 200_00 })),
      on("account/salary", event("MoneySent", { transfer: "t1", to: "rent", cents: 50_00 })),
      on("account/salary", event("MoneyReturned", { transfer: "t1", cents: 50_00 })),
      on("account/salary", event("MoneyReceived", { transfer: "t2", from: "rent", cents: 1 })),
    ).thenRows([{ account: "salary", owner: "a customer", status: "open", cents: 200_01, changedAt: NOW }]);
  });
});
