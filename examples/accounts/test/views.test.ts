import { event } from "headspring";
import { NOW, given, on } from "headspring/testing";
import { describe, it } from "vitest";
import { balances } from "../src/views.ts";

describe("the balances", () => {
  it("follow every movement of an account", () => {
    given(
      balances,
      on("account/alice", event("AccountOpened", { owner: "Alice" })),
      on("account/alice", event("MoneyDeposited", { cents: 200_00 })),
      on("account/alice", event("MoneySent", { transfer: "t1", to: "bob", cents: 50_00 })),
      on("account/alice", event("MoneyReturned", { transfer: "t1", cents: 50_00 })),
      on("account/alice", event("MoneyReceived", { transfer: "t2", from: "bob", cents: 1 })),
    ).thenRows([{ account: "alice", owner: "Alice", status: "open", cents: 200_01, changedAt: NOW }]);
  });
});
