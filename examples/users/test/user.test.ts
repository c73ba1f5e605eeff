/**
 * The rules of a user: the scenarios of Simple Sourcing's user example that need no store, under their names. All seven, over HTTP:
 * store/scenarios.test.ts.
 */

import { event } from "headspring";
import { given, inMemory, on } from "headspring/testing";
import { describe, expect, it } from "vitest";
import { user } from "../src/user.ts";
import { users } from "../src/users.ts";

const inserted = event("UserInserted", { firstName: "First", lastName: "Last" });
const renamed = [event("FirstNameUpdated", { firstName: "Second" }), event("LastNameUpdated", { lastName: "Last III" })] as const;

describe("a user", () => {
  it("standardUserWorkflow: is inserted, renamed, given a year of birth, and deleted", () => {
    const subject = inMemory(user, { id: "user2345" });
    expect(subject.run("InsertUser", { firstName: "First", lastName: "Last" })).toMatchObject({ ok: true, version: 1 });
    expect(subject.state).toEqual({ firstName: "First", lastName: "Last", yearOfBirth: null });
    expect(subject.run("UpdateName", { firstName: "Second", lastName: "Last III" })).toMatchObject({ ok: true, version: 3 });
    expect(subject.state).toEqual({ firstName: "Second", lastName: "Last III", yearOfBirth: null });
    expect(subject.run("UpdateYearOfBirth", { yearOfBirth: 1991 })).toMatchObject({ ok: true, version: 4 });
    expect(subject.state).toEqual({ firstName: "Second", lastName: "Last III", yearOfBirth: 1991 });
    expect(subject.run("DeleteUser", {})).toMatchObject({ ok: true, version: 5 });
    expect(subject.state).toBeNull();
  });

  it("updateBeforeInsert: is not updated or deleted before it is inserted", () => {
    given(user).when("UpdateName", { firstName: "Sixth", lastName: "Name" }).thenRefused("no-such-user");
    given(user).when("UpdateYearOfBirth", { yearOfBirth: 1967 }).thenRefused("no-such-user");
    given(user).when("DeleteUser", {}).thenRefused("no-such-user");
  });

  it("invalidCommand: has no command without a handler, for the compiler and at run time", () => {
    // @ts-expect-error -- `decide` has no such command
    expect(() => given(user).when("UnhandledCommand", {})).toThrow("UnhandledCommand");
    given(user).when("InsertUser", { firstName: "", lastName: "Name" }).thenInvalid("firstName");
  });

  it("buggyCommandHandler: a `decide` that throws fails its command", () => {
    const buggy = { throwInCommandHandler: true, throwInEventHandler: false };
    expect(() => given(user).when("BuggyCommand", buggy)).toThrow("a bug in decide");
  });

  it("buggyEventHandler: an `evolve` that throws fails the command, before its event is stored", () => {
    const buggy = { throwInCommandHandler: false, throwInEventHandler: true };
    expect(() => given(user).when("BuggyCommand", buggy).then(event("BuggyEvent", {}))).toThrow("a bug in evolve");
  });

  it("is inserted once, and again after it was deleted", () => {
    const again = { firstName: "First", lastName: "Last" };
    given(user, inserted).when("InsertUser", again).thenRefused("user-already-created");
    given(user, inserted, event("UserDeleted", {})).when("InsertUser", again).then(inserted);
  });
});

describe("the view of users", () => {
  it("has the current form of those that are not deleted", () => {
    const subject = [inserted, ...renamed, event("YearOfBirthUpdated", { yearOfBirth: 1991 })].map((one) => on("user/u1", one));
    const gone = [inserted, event("UserDeleted", {})].map((one) => on("user/gone", one));
    given(users, ...subject, ...gone).thenRows([{ id: "u1", firstName: "Second", lastName: "Last III", yearOfBirth: 1991 }]);
  });
});
