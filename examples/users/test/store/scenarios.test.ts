/** The seven scenarios of Simple Sourcing's user example, under their names, against a real store: by HTTP, and by the typed client. */

import { type TestStore, startStore } from "headspring/testing/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { client, http } from "./ways.ts";

let store: TestStore;
beforeAll(async () => {
  store = await startStore();
}, 60_000);
afterAll(() => store.stop());

/** Their `Sequence.first()`: nothing is stored yet. */
const FIRST = 0;

describe.each([http, client])("by $name", ({ name, ...way }) => {
  /** A user of this way and scenario. */
  const user = (scenario: string) => {
    const id = `${scenario}-by-${name.replace(" ", "-")}`;
    return {
      send: (...[command, data, sequence]: [Parameters<typeof way.send>[2], object, number]) =>
        way.send(store.url, id, command, data, sequence),
      state: () => way.state(store.url, id),
    };
  };

  it("standardUserWorkflow", async () => {
    const { send, state } = user("user2345");
    expect(await send("InsertUser", { firstName: "First", lastName: "Last" }, FIRST)).toEqual({ version: 1, events: ["UserInserted"] });
    expect(await state()).toEqual({ firstName: "First", lastName: "Last", yearOfBirth: null });
    const renamed = { version: 3, events: ["FirstNameUpdated", "LastNameUpdated"] };
    expect(await send("UpdateName", { firstName: "Second", lastName: "Last III" }, 1)).toEqual(renamed);
    expect(await state()).toEqual({ firstName: "Second", lastName: "Last III", yearOfBirth: null });
    expect(await send("UpdateYearOfBirth", { yearOfBirth: 1991 }, 3)).toEqual({ version: 4, events: ["YearOfBirthUpdated"] });
    expect(await state()).toEqual({ firstName: "Second", lastName: "Last III", yearOfBirth: 1991 });
    expect(await send("DeleteUser", {}, 4)).toEqual({ version: 5, events: ["UserDeleted"] });
    expect(await state()).toBeNull();
  });

  it("updateBeforeInsert", async () => {
    const { send } = user("national1");
    const refused = { code: "command-refused", reason: "no-such-user" };
    expect(await send("UpdateName", { firstName: "Sixth", lastName: "Name" }, FIRST)).toMatchObject(refused);
  });

  it("invalidSequenceOnInsert", async () => {
    const { send } = user("national2");
    const conflict = { code: "version-conflict", expected: 666, actual: 0 };
    expect(await send("InsertUser", { firstName: "Fifth", lastName: "McCormack" }, 666)).toMatchObject(conflict);
  });

  it("invalidSequenceIdOnUpdate", async () => {
    const { send, state } = user("myuser");
    await send("InsertUser", { firstName: "Third", lastName: "Family" }, FIRST);
    const conflict = { code: "version-conflict", expected: 0, actual: 1 };
    expect(await send("UpdateName", { firstName: "Fourth", lastName: "Other" }, FIRST)).toMatchObject(conflict);
    expect(await state()).toMatchObject({ firstName: "Third" });
  });

  it("invalidCommand", async () => {
    const { send } = user("invalid");
    expect(await send("UnhandledCommand", {}, FIRST)).toMatchObject({ code: "unknown-command" });
    const issues = [{ path: "lastName", message: expect.any(String) }];
    expect(await send("InsertUser", { firstName: "Third" }, FIRST)).toMatchObject({ code: "invalid-command", issues });
  });

  it("buggyCommandHandler", async () => {
    const { send } = user("buggy");
    const buggy = { throwInCommandHandler: true, throwInEventHandler: false };
    expect(await send("BuggyCommand", buggy, FIRST)).toMatchObject({ code: "command-failed", status: 500 });
  });

  it("buggyEventHandler: fails the command before its event is stored; in the original it stops the topic's processor", async () => {
    const { send } = user("buggy");
    const buggy = { throwInCommandHandler: false, throwInEventHandler: true };
    expect(await send("BuggyCommand", buggy, FIRST)).toMatchObject({ code: "command-failed", status: 500 });
    expect(await send("InsertUser", { firstName: "Third", lastName: "Family" }, FIRST)).toMatchObject({ version: 1 });
  });
});
