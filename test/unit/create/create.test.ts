/** What `npm create headspring` refuses, and that it writes a project whole or not at all. */

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { argumentsIn } from "../../../create/src/arguments.ts";
import { LONGEST_NAME, mistakeInName } from "../../../create/src/names.ts";
import { mistakeInFolder, write } from "../../../create/src/write.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "headspring-create-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a project's name", () => {
  it.each(["a", "my-app", "2048", "a--b", "x".repeat(LONGEST_NAME)])("may be %s", (name) => expect(mistakeInName(name)).toBeUndefined());

  it.each(["", "My-App", "my_app", "my app", "-app", "app-", ".app", "@me/app", "äpp", "a\n", "{{name}}"])(
    "may not be %j, and the rule is given",
    (name) => expect(mistakeInName(name)).toContain("lowercase letters, digits and hyphens"),
  );

  it("leaves room for the names made of it", () => expect(mistakeInName("x".repeat(LONGEST_NAME + 1))).toContain("at most 54"));

  it("may not be that of a package that the project depends on", () => {
    const names = ["common", "web"].flatMap((template) => {
      const path = join(import.meta.dirname, "../../../create/templates", template, "package.json");
      const { dependencies, devDependencies } = JSON.parse(readFileSync(path, "utf8")) as Record<string, object>;
      return Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !name.startsWith("@"));
    });
    expect(names).toContain("headspring");
    for (const name of names) expect(mistakeInName(name)).toContain("depends on a package");
  });
});

describe("the command line", () => {
  it("may give every answer, in any order", () => {
    const complete = { folder: "my-app", template: "empty", isInstalled: true, asks: "project" };
    expect(argumentsIn(["my-app", "--template", "empty"])).toEqual(complete);
    expect(argumentsIn(["--template=empty", "my-app"])).toEqual(complete);
    expect(argumentsIn(["-t", "shop", "--no-install"])).toEqual({ template: "shop", isInstalled: false, asks: "project" });
  });

  it.each(["foo", "Empty", "constructor", ""])("that asks for the template %j gets the list of templates", (template) => {
    expect(() => argumentsIn(["a", `--template=${template}`])).toThrow(/there is no template.*There are:\n {2}empty .*\n {2}shop /s);
  });

  it.each([["--frob"], ["a", "b"], ["-t"]])("with a mistake gets its place: %j", (...args) => {
    expect(() => argumentsIn(args)).toThrow(args.at(-1));
  });
});

describe("a folder", () => {
  it("may be new, empty, or a repository that was just made", () => {
    expect(mistakeInFolder(join(folder, "new"))).toBeUndefined();
    expect(mistakeInFolder(folder)).toBeUndefined();
    mkdirSync(join(folder, ".git"));
    expect(mistakeInFolder(folder)).toBeUndefined();
  });

  it("that is not empty, or is a file, is refused with a remedy", () => {
    writeFileSync(join(folder, "mine.txt"), "");
    expect(mistakeInFolder(folder)).toMatch(/is not empty \(it has mine\.txt\): choose another name/);
    expect(mistakeInFolder(join(folder, "mine.txt"))).toMatch(/is a file: choose another name/);
  });
});

describe("a project is written", () => {
  it("into folders that are made for it", () => {
    write(join(folder, "a/b"), new Map([["src/app.ts", "content"]]));
    expect(readFileSync(join(folder, "a/b/src/app.ts"), "utf8")).toBe("content");
  });

  it("not at all if one of its files cannot be, and other files are not touched", () => {
    writeFileSync(join(folder, "taken"), "mine");
    const files = (last: string) =>
      new Map([
        ["src/app.ts", ""],
        ["README.md", ""],
        [last, ""],
      ] as const);
    expect(() => write(folder, files("taken"))).toThrow("EEXIST");
    expect(() => write(folder, files("taken/too"))).toThrow(/EEXIST|ENOTDIR/);
    expect(readdirSync(folder)).toEqual(["taken"]);
    expect(readFileSync(join(folder, "taken"), "utf8")).toBe("mine");
    expect(() => write(join(folder, "new/project"), files("README.md/no"))).toThrow(/EEXIST|ENOTDIR/);
    expect(readdirSync(folder)).toEqual(["taken"]);
  });
});
