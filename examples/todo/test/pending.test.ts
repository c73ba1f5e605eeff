import type { OutboxCommand } from "headspring/client";
import { describe, expect, it } from "vitest";
import type { app } from "../src/app.ts";
import { type Row, apply } from "../web/pending.ts";

type Command = OutboxCommand<typeof app>;
type Made = Command extends infer One ? (One extends Command ? Omit<One, "category" | "key" | "at"> : never) : never;
const EMPTY = { description: null, due_date: null, stakeholder_email: null, completed_on: null };

/** The rows of a page that has made these commands since the store knew of `rows`. */
function after(rows: readonly Row[], ...commands: readonly Made[]): Row[] {
  const shown = new Map(rows.map((row) => [row.todo_id, row]));
  for (const [index, command] of commands.entries())
    apply(shown, { ...command, category: "todo", key: String(index), at: 1_700_000_000_000 + index } as Command);
  return [...shown.values()];
}

describe("a change that waits in the outbox", () => {
  const milk: Row = { ...EMPTY, todo_id: "1", title: "Buy milk", added: 7 };
  const completed_on = "2026-07-13";

  it("is shown as if it were made, and marked", () => {
    expect(after([milk], { id: "2", command: "AddTodo", data: { title: "Buy tea" } })).toEqual([
      milk,
      { ...EMPTY, todo_id: "2", title: "Buy tea", added: 1_700_000_000_000, isPending: true },
    ]);
    expect(after([milk], { id: "1", command: "AmendTodo", data: { due_date: "2027-07-13" } })).toEqual([
      { ...milk, due_date: "2027-07-13", isPending: true },
    ]);
    expect(after([milk], { id: "1", command: "CompleteTodo", data: { completed_on } })).toEqual([
      { ...milk, completed_on, isPending: true },
    ]);
    expect(after([milk], { id: "1", command: "AbandonTodo", data: { abandoned_on: "2026-07-13" } })).toEqual([]);
  });

  it("builds on the changes that wait before it", () => {
    const [row] = after(
      [],
      { id: "2", command: "AddTodo", data: { title: "Buy tea" } },
      { id: "2", command: "AmendTodo", data: { title: "Buy coffee" } },
      { id: "2", command: "CompleteTodo", data: { completed_on } },
    );
    expect(row).toMatchObject({ title: "Buy coffee", completed_on, added: 1_700_000_000_000 });
  });

  it("has no effect on what the store already shows, or on what somebody else has removed", () => {
    expect(after([milk], { id: "1", command: "AddTodo", data: { title: "Buy milk" } })).toEqual([milk]);
    expect(after([], { id: "1", command: "CompleteTodo", data: { completed_on } })).toEqual([]);
  });
});
