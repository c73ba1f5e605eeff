/**
 * The saga: the scenarios of Simple Sagas' coordinator, under their names, in memory: outcomes come in the order that the test says. Those
 * whose order a store cannot be made to keep are here only; the others are also in store/sign-up.test.ts.
 */

import { complete, event, send } from "headspring";
import { accepted, failed, given, refused, timeout, told } from "headspring/testing";
import { describe, expect, it } from "vitest";
import { account } from "../src/account.ts";
import { signUp } from "../src/sign-up.ts";
import { user } from "../src/user.ts";

const person = { user: "u", firstName: "First", lastName: "Last", account: "a", funds: 1000 };
const amounts = [
  { reservation: "one", amount: 500 },
  { reservation: "two", amount: 100 },
  { reservation: "three", amount: 550 },
];
const begun = (more: object = {}) => told("Start", { ...person, ...more });

const insertUser = send(user, "u", "InsertUser", { firstName: "First", lastName: "Last" });
const deleteUser = send(user, "u", "DeleteUser", {});
const createAccount = send(account, "a", "CreateAccount", { userName: "First Last", funds: 1000 });
const reserveOne = send(account, "a", "ReserveFunds", { reservation: "one", amount: 500 });
const reserveTwo = send(account, "a", "ReserveFunds", { reservation: "two", amount: 100 });
const reserveThree = send(account, "a", "ReserveFunds", { reservation: "three", amount: 550 });
const confirmOne = send(account, "a", "ConfirmReservation", { reservation: "one", amount: 500 });
const cancel = (reservation: string) => send(account, "a", "CancelReservation", { reservation });
const open = [accepted(insertUser), accepted(createAccount)] as const;
const done = (step: string, version = 1) => event("StepCompleted", { step, version });

const failure = { step: "reserve two", reason: "insufficient-funds" };

describe("a sign-up", () => {
  it("testSuccessfulSaga: each action in its turn, then the saga is completed", () => {
    const one = begun({ reservations: amounts.slice(0, 1) });
    given(signUp).when(one).thenSends(insertUser);
    given(signUp, one).when(accepted(insertUser)).then(done("create user"), createAccount);
    given(signUp, one, ...open)
      .when(accepted(reserveOne))
      .then(done("reserve one"), confirmOne);
    const end = given(signUp, one, ...open, accepted(reserveOne)).when(accepted(confirmOne));
    end.then(done("confirm one"), event("SagaCompleted", {}), complete());
    expect(end.state).toMatchObject({ status: "completed" });
  });

  it("testShortCircuitOnFailure: when the first action fails, no other is carried out", () => {
    const failure = { step: "create user", reason: "user-already-created" };
    given(signUp, begun())
      .when(refused(insertUser, failure.reason))
      .then(event("StepFailed", failure), event("SagaFailed", failure), complete());
  });

  it("testRetryOnFailure: an action that fails is tried again after its delay, and fails the saga when its retries are used up", () => {
    const patient = begun({ retries: 1 });
    const waits = given(signUp, patient).when(refused(insertUser, "user-already-created"));
    expect(waits.state).toMatchObject({ status: "in-progress", steps: [{ status: "retry-awaiting", attempts: 1 }, { status: "pending" }] });
    const tried = [patient, refused(insertUser, "user-already-created")] as const;
    given(signUp, ...tried)
      .when(timeout("$Wake"))
      .thenSends(insertUser);
    const failure = { step: "create user", reason: "another" };
    given(signUp, ...tried, timeout("$Wake"))
      .when(refused(insertUser, "another"))
      .then(event("StepFailed", failure), event("SagaFailed", failure), complete());
  });

  it("testBypassUndoOnFailureIfNotDefined: an action without an undo stays as it is", () => {
    const failure = { step: "reserve one", reason: "insufficient-funds" };
    const undoing = [begun({ reservations: amounts }), ...open, refused(reserveOne, failure.reason)] as const;
    given(signUp, ...undoing.slice(0, -1))
      .when(refused(reserveOne, failure.reason))
      .then(event("StepFailed", failure), event("StepUndoBypassed", { step: "create account" }), deleteUser);
    const end = given(signUp, ...undoing).when(accepted(deleteUser));
    end.then(event("StepUndone", { step: "create user" }), event("SagaFailed", failure), complete());
    expect(end.state).toMatchObject({
      status: "failed",
      steps: [{ status: "undone" }, { status: "undo-bypassed" }, { status: "failed" }, {}, {}, {}, {}, {}],
    });
  });

  it("testUndoCommandOnFailure: what was done is undone, in the reverse order", () => {
    const failing = [begun({ reservations: amounts }), ...open, accepted(reserveOne)] as const;
    const undoing = given(signUp, ...failing).when(refused(reserveTwo, failure.reason));
    undoing.then(event("StepFailed", failure), cancel("one"));
    expect(undoing.state).toMatchObject({ status: "in-failure" });
    given(signUp, ...failing, refused(reserveTwo, failure.reason))
      .when(accepted(cancel("one")))
      .then(event("StepUndone", { step: "reserve one" }), event("StepUndoBypassed", { step: "create account" }), deleteUser);
  });

  it("testRetryUndoCommandOnFailure: an undo that fails is tried again, too", () => {
    const undoing = [
      begun({ reservations: amounts, retries: 1 }),
      ...open,
      accepted(reserveOne),
      refused(reserveTwo, failure.reason),
      timeout("$Wake"),
      refused(reserveTwo, failure.reason),
    ] as const;
    const waits = given(signUp, ...undoing).when(failed(cancel("one"), "command-failed"));
    expect(waits.state).toMatchObject({
      status: "in-failure",
      steps: [{}, {}, { status: "undo-retry-awaiting" }, { status: "failed" }, {}, {}, {}, {}],
    });
    given(signUp, ...undoing, failed(cancel("one"), "command-failed"))
      .when(timeout("$Wake"))
      .thenSends(cancel("one"));
    given(signUp, ...undoing, failed(cancel("one"), "command-failed"), timeout("$Wake"), accepted(cancel("one")))
      .when(accepted(deleteUser))
      .then(event("StepUndone", { step: "create user" }), event("SagaFailed", failure), complete());
  });

  it("testParallelSuccessful: parallel actions begin together, and the next one when all are done", () => {
    const atOnce = begun({ reservations: amounts.slice(0, 2), atOnce: true });
    given(signUp, atOnce, accepted(insertUser)).when(accepted(createAccount)).thenSends(reserveOne, reserveTwo);
    given(signUp, atOnce, ...open)
      .when(accepted(reserveTwo))
      .then(done("reserve two"));
    given(signUp, atOnce, ...open, accepted(reserveTwo))
      .when(accepted(reserveOne))
      .thenSends(confirmOne);
  });

  it("testFailureInParallel: the action that was done is undone, the one that failed is not", () => {
    const atOnce = begun({ reservations: amounts.slice(0, 2), atOnce: true });
    given(signUp, atOnce, ...open, accepted(reserveOne))
      .when(refused(reserveTwo, failure.reason))
      .then(event("StepFailed", failure), cancel("one"));
  });

  it("testWaitForParallelActionsToCompleteBeforeUndo: nothing is undone while an action is in progress", () => {
    const atOnce = [begun({ reservations: amounts, atOnce: true }), ...open, accepted(reserveOne)] as const;
    const pending = given(signUp, ...atOnce).when(refused(reserveTwo, failure.reason));
    pending.then(event("StepFailed", failure));
    expect(pending.state).toMatchObject({ status: "failure-pending" });
    const undoing = given(signUp, ...atOnce, refused(reserveTwo, failure.reason)).when(accepted(reserveThree));
    undoing.thenSends(cancel("three"), cancel("one"));
    expect(undoing.state).toMatchObject({ status: "in-failure" });
  });

  it("testShortCircuitRetryOnParallelActionsBeforeUndo: an action that waits for its retry fails when another one fails for good", () => {
    const atOnce = [
      begun({ reservations: amounts, atOnce: true, retries: 1 }),
      ...open,
      refused(reserveOne, "reason 1"),
      timeout("$Wake"),
      refused(reserveTwo, "reason 2"),
    ] as const;
    const pending = given(signUp, ...atOnce).when(refused(reserveOne, "reason 1 again"));
    pending.then(
      event("StepFailed", { step: "reserve one", reason: "reason 1 again" }),
      event("StepFailed", { step: "reserve two", reason: "reason 2" }),
    );
    expect(pending.state).toMatchObject({ status: "failure-pending" });
    given(signUp, ...atOnce, refused(reserveOne, "reason 1 again"))
      .when(accepted(reserveThree))
      .thenSends(cancel("three"));
  });

  it("testMultiActionTypeSaga: its actions go to several aggregates", () => {
    given(signUp, begun()).when(accepted(insertUser)).thenSends(createAccount);
    given(signUp, begun(), accepted(insertUser))
      .when(accepted(createAccount))
      .then(done("create account"), event("SagaCompleted", {}), complete());
  });

  it("testInvalidActionSaga: an input without a valid plan starts nothing", () => {
    const twice = [amounts[0], amounts[0]];
    given(signUp)
      .when(begun({ reservations: twice }))
      .thenRefused("invalid-plan");
    // An action that nobody carries out is a mistake that the compiler finds.
    // @ts-expect-error -- `user` has no such command
    send(user, "u", "Unknown", {});
  });
});
