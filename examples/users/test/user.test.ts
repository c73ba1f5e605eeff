/**
 * The rules of a user: the scenarios of Simple Sourcing's user example that need no store, under their names. All seven, over HTTP:
 * store/scenarios.test.ts.
 */

import { event } from "headspring";
import { given, inMemory, on } from "headspring/testing";
import { describe, expect, it } from "vitest";
import { user } from "../src/user.ts";
import { users } from "../src/users.ts";

const inserted = event("UserInserted", { firstName: "Bob", lastName: "Dubois" });
const renamed = [event("FirstNameUpdated", { firstName: "Bobbette" }), event("LastNameUpdated", { lastName: "Dubois III" })] as const;

describe("a user", () => {
  it("standardUserWorkflow: is inserted, renamed, given a year of birth, and deleted", () => {
    const bob = inMemory(user, { id: "user2345" });
    expect(bob.run("InsertUser", { firstName: "Bob", lastName: "Dubois" })).toMatchObject({ ok: true, version: 1 });
    expect(bob.state).toEqual({ firstName: "Bob", lastName: "Dubois", yearOfBirth: null });
    expect(bob.run("UpdateName", { firstName: "Bobbette", lastName: "Dubois III" })).toMatchObject({ ok: true, version: 3 });
    expect(bob.state).toEqual({ firstName: "Bobbette", lastName: "Dubois III", yearOfBirth: null });
    expect(bob.run("UpdateYearOfBirth", { yearOfBirth: 1991 })).toMatchObject({ ok: true, version: 4 });
    expect(bob.state).toEqual({ firstName: "Bobbette", lastName: "Dubois III", yearOfBirth: 1991 });
    expect(bob.run("DeleteUser", {})).toMatchObject({ ok: true, version: 5 });
    expect(bob.state).toBeNull();
  });

  it("updateBeforeInsert: is not updated or deleted before it is inserted", () => {
    given(user).when("UpdateName", { firstName: "Barnady", lastName: "Joyce" }).thenRefused("no-such-user");
    given(user).when("UpdateYearOfBirth", { yearOfBirth: 1967 }).thenRefused("no-such-user");
    given(user).when("DeleteUser", {}).thenRefused("no-such-user");
  });

  it("invalidCommand: has no command without a handler, for the compiler and at run time", () => {
    // @ts-expect-error -- `decide` has no such command
    expect(() => given(user).when("UnhandledCommand", {})).toThrow("UnhandledCommand");
    given(user).when("InsertUser", { firstName: "", lastName: "Joyce" }).thenInvalid("firstName");
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
    const again = { firstName: "Bob", lastName: "Dubois" };
    given(user, inserted).when("InsertUser", again).thenRefused("user-already-created");
    given(user, inserted, event("UserDeleted", {})).when("InsertUser", again).then(inserted);
  });
});

describe("the view of users", () => {
  it("has those that are not deleted, as they are now", () => {
    const bob = [inserted, ...renamed, event("YearOfBirthUpdated", { yearOfBirth: 1991 })].map((one) => on("user/bob", one));
    const gone = [inserted, event("UserDeleted", {})].map((one) => on("user/gone", one));
    given(users, ...bob, ...gone).thenRows([{ id: "bob", firstName: "Bobbette", lastName: "Dubois III", yearOfBirth: 1991 }]);
  });
});
