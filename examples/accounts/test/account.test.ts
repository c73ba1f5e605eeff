import { event } from "headspring";
import { given } from "headspring/testing";
import { describe, it } from "vitest";
import { account } from "../src/account.ts";

const opened = event("AccountOpened", { owner: "a customer" });
const deposited = event("MoneyDeposited", { cents: 200_00 });
const sent = event("MoneySent", { transfer: "t1", to: "rent", cents: 50_00 });

describe("an account", () => {
  it("is opened once", () => {
    given(account).when("Open", { owner: "a customer" }).then(opened);
    given(account, opened).when("Open", { owner: "another customer" }).thenRefused("already-opened");
  });

  it("accepts deposits and withdrawals, and is never overdrawn", () => {
    given(account, opened).when("Deposit", { cents: 200_00 }).then(deposited);
    given(account, opened, deposited)
      .when("Withdraw", { cents: 50_00 })
      .then(event("MoneyWithdrawn", { cents: 50_00 }));
    given(account, opened, deposited, event("MoneyWithdrawn", { cents: 50_00 }))
      .when("Withdraw", { cents: 151_00 })
      .thenRefused("insufficient-funds", { cents: 150_00 });
  });

  it("accepts whole cents, and no less than one", () => {
    given(account, opened).when("Deposit", { cents: 0 }).thenInvalid("cents");
    given(account, opened).when("Deposit", { cents: -5 }).thenInvalid("cents");
    given(account, opened).when("Withdraw", { cents: 0.5 }).thenInvalid("cents");
  });

  it("does nothing before it is opened, and nothing after it is closed", () => {
    const closed = event("AccountClosed", {});
    given(account).when("Deposit", { cents: 1 }).thenRefused("unknown-account");
    given(account).when("Withdraw", { cents: 1 }).thenRefused("unknown-account");
    given(account).when("Close", {}).thenRefused("unknown-account");
    given(account, opened).when("Close", {}).then(closed);
    given(account, opened, closed).when("Deposit", { cents: 1 }).thenRefused("account-closed");
    given(account, opened, closed).when("Withdraw", { cents: 1 }).thenRefused("account-closed");
    given(account, opened, closed).when("Close", {}).thenRefused("account-closed");
    given(account, opened, closed).when("Open", { owner: "a customer" }).thenRefused("already-opened");
  });

  it("is closed only when it is empty and no money is under way", () => {
    given(account, opened, deposited).when("Close", {}).thenRefused("not-empty", { cents: 200_00 });
    const all = event("MoneySent", { transfer: "t1", to: "rent", cents: 200_00 });
    given(account, opened, deposited, all).when("Close", {}).thenRefused("transfer-under-way");
    given(account, opened, deposited, all, event("TransferSettled", { transfer: "t1" }))
      .when("Close", {})
      .then(event("AccountClosed", {}));
  });

  it("sends money that it has, and gets it back once", () => {
    const returned = event("MoneyReturned", { transfer: "t1", cents: 50_00 });
    given(account, opened, deposited).when("Send", { transfer: "t1", to: "rent", cents: 50_00 }).then(sent);
    given(account, opened, deposited)
      .when("Send", { transfer: "t1", to: "rent", cents: 201_00 })
      .thenRefused("insufficient-funds", { cents: 200_00 });
    given(account, opened, deposited, sent).when("Return", { transfer: "t1" }).then(returned);
    given(account, opened, deposited, sent, returned).when("Return", { transfer: "t1" }).thenNothing();
    given(account, opened, deposited, sent, event("TransferSettled", { transfer: "t1" }))
      .when("Return", { transfer: "t1" })
      .thenNothing();
  });

  it("receives money while it is open", () => {
    const received = event("MoneyReceived", { transfer: "t1", from: "salary", cents: 50_00 });
    given(account, opened).when("Receive", { transfer: "t1", from: "salary", cents: 50_00 }).then(received);
    given(account).when("Receive", { transfer: "t1", from: "salary", cents: 50_00 }).thenRefused("unknown-account");
  });
});
