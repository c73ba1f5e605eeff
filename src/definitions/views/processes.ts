/**
 * A view of process managers and sagas: one row for each instance, with its status and what it waits for, as far as its own events say it.
 * Pure.
 */

import * as z from "zod";
import { DELETED, type RecordedEvent, categoryOf } from "../../core/event.ts";
import { requireName } from "../../core/names.ts";
import { COMMAND_SENT, START_SAGA } from "../processors/process-events.ts";
import type { Process } from "../processors/process.ts";
import { UNDO } from "../processors/saga-steps.ts";
import type { AnyHandlers, HandlersLike } from "./handler.ts";
import { type View, view } from "./view.ts";

/** What an instance waits for at a time. Ours: it bounds the row; a plan with more steps at once shows the first of them. */
const WAITS = 100;
/** Characters of a reason or detail. Ours: the whole text is in the event. */
const TEXT = 300;

const Wait = z.object({
  /** `command`: its outcome; `event`: one that ends the step; `saga`: its end; `retry`: the time of the next attempt. */
  what: z.enum(["command", "event", "saga", "retry"]),
  step: z.string().optional(),
  /** The step is being undone. */
  undo: z.literal(true).optional(),
  /** The stream of the command, or of the saga. */
  stream: z.string().optional(),
  command: z.string().optional(),
  commandId: z.string().optional(),
  /** Why the last attempt failed. */
  reason: z.string().optional(),
  /** When the step is tried again, or stops waiting. */
  until: z.string().optional(),
});
type Wait = z.output<typeof Wait>;

const ProcessRow = z.object({
  /** The instance's stream: `checkout/42`. */
  id: z.string(),
  process: z.string(),
  /** `undoing`: a saga of which a step has failed, and whose other steps are being undone. */
  status: z.enum(["running", "undoing", "completed", "failed"]),
  started: z.string(),
  /** The time of its latest event: nothing has happened to it since then. */
  since: z.string(),
  /** The step that has been under way for longest. */
  step: z.string().optional(),
  waitingFor: z.array(Wait),
  /** The first time at which a step is tried again, or stops waiting. Timers of a process manager are not in its events. */
  nextTimerAt: z.string().optional(),
  failure: z.object({ step: z.string().optional(), reason: z.string(), detail: z.string().optional() }).optional(),
  /** Steps that could not be undone: a person has to look at them. */
  undoFailed: z.array(z.string()).optional(),
  /** The saga that started this one. */
  parent: z.string().optional(),
});
type ProcessRow = z.output<typeof ProcessRow>;

/** Changes with the code below: another one makes a new table. Not the code itself, of which every build of the package has another text. */
const REVISION = 1;

/**
 * Declares a view of process managers and sagas, to look for those that are stuck: a row for each instance, by its stream's name, with `process`, `status`
 * (`running`, `undoing`, `completed`, `failed`), `started`, `since` (the time of its latest event), `step`, `waitingFor`, `nextTimerAt`, `failure`.
 * A page of one status in the order of `since` is found by an index. What each of them is can be read in docs/process-managers.md.
 *
 * @throws {TypeError} when the name is not valid, or no process is given
 *
 * @example
 * export const processes = processesView("processes", [transfer]);
 * // GET /views/processes?status=running&sort=since: those that have not moved for longest first
 */
export function processesView<const Name extends string, From extends Process>(
  name: Name,
  processes: readonly From[],
  // oxlint-disable-next-line typescript/no-generated-empty-object-type -- no named queries, written out: a project's declarations can name it
): View<Name, typeof ProcessRow, From, Record<never, never>> {
  requireName("view", name);
  if (processes.length === 0) throw new TypeError(`view "${name}" needs at least one process manager or saga`);
  const types = new Set(processes.flatMap(({ events }) => Object.keys(events)));
  const rowOf = { at: ({ stream }: RecordedEvent) => stream, fold };
  const gone = { at: ({ stream }: RecordedEvent) => stream, fold: () => null };
  const on: object = { ...Object.fromEntries([...types].map((type) => [type, rowOf])), [DELETED]: gone };
  const made = view(name, {
    description: `The instances of ${processes.map((one) => one.name).join(", ")}, by status.`,
    from: processes,
    row: ProcessRow,
    key: "id",
    indexes: [["status", "since"]],
    revision: REVISION,
    on: on as HandlersLike<AnyHandlers<From>, From, ProcessRow>, // their names are known when it runs
  });
  return { ...made, ownRows: true, ownKey: "stream", processes: true };
}

type Data = Readonly<Record<string, unknown>>;

function fold(row: ProcessRow | undefined, { stream, type, data, recordedAt }: RecordedEvent, id: string): ProcessRow {
  if (row?.status === "completed" || row?.status === "failed") return row; // late outcomes change nothing
  const before: ProcessRow = row ?? {
    id,
    process: categoryOf(stream),
    status: "running",
    started: recordedAt,
    since: recordedAt,
    waitingFor: [],
  };
  return summed({ ...before, since: recordedAt, ...CHANGES[type]?.(before, data as Data) });
}

/** The row with what follows from what it waits for. */
function summed({ step: _step, nextTimerAt: _next, ...row }: ProcessRow): ProcessRow {
  const [step] = row.waitingFor.flatMap((one) => one.step ?? []);
  const [next] = row.waitingFor.flatMap((one) => one.until ?? []).toSorted();
  return { ...row, ...(step === undefined ? {} : { step }), ...(next === undefined ? {} : { nextTimerAt: next }) };
}

/** How each event changes the row. An import may have put anything into its data. */
const CHANGES: Readonly<Record<string, (row: ProcessRow, data: Data) => Partial<ProcessRow>>> = {
  SagaStarted: (_row, { parent }) => {
    const { saga, id } = (parent ?? {}) as Data;
    return typeof saga === "string" && typeof id === "string" ? { parent: `${saga}/${id}` } : {};
  },
  [COMMAND_SENT]: (row, { commandId, aggregate, id, command, label }) => {
    const step = typeof label === "string" ? label : undefined;
    const isUndo = step?.startsWith(UNDO) === true;
    const wait = {
      what: "command" as const,
      ...text({ step: isUndo ? step?.slice(UNDO.length) : step }),
      ...(isUndo ? { undo: true as const } : {}),
      ...text({ stream: `${String(aggregate)}/${String(id)}`, command, commandId }),
    };
    return added(
      without(row, (one) => one.what === "retry" && one.step === wait.step),
      wait,
    );
  },
  $CommandAccepted: (row, { commandId }) => {
    const sent = row.waitingFor.find((one) => one.commandId === commandId);
    const rest = without(row, (one) => one === sent);
    // A saga that a step has started ends the step when it ends itself.
    if (!sent || sent.command !== START_SAGA) return { waitingFor: rest };
    const { command: _command, commandId: _id, ...saga } = sent;
    return added(rest, { ...saga, what: "saga" });
  },
  $CommandRefused: answered,
  $CommandFailed: answered,
  StepWaiting: (row, { step, until }) => {
    const isSaga = row.waitingFor.some((one) => one.what === "saga" && one.step === step);
    if (isSaga) return { waitingFor: row.waitingFor.map((one) => (one.step === step ? { ...one, ...text({ until }) } : one)) };
    return added(row.waitingFor, { what: "event", ...text({ step, until }) });
  },
  StepCompleted: stepEnded,
  StepUndone: stepEnded,
  StepUndoBypassed: stepEnded,
  StepUndoFailed: stepEnded,
  StepFailed: (row, data) => ({ ...stepEnded(row, data), ...failing(row, data, "failed") }),
  StepTimedOut: (row, data) => ({ ...stepEnded(row, data), ...failing(row, data, "timed-out") }),
  StepRetryAwaiting: triedAgain,
  StepUndoRetryAwaiting: (row, data) => triedAgain(row, data, { undo: true }),
  SagaFailed: (row, { undoFailed, ...data }) => ({
    ...ended(row, "failed", data),
    ...(Array.isArray(undoFailed) && undoFailed.length > 0 ? { undoFailed: undoFailed.map(String).slice(0, WAITS) } : {}),
  }),
  $Failed: (row, { reason, detail }) => ended(row, "failed", { reason, detail }),
  SagaCompleted: (row) => ended(row, "completed"),
  $Completed: (row) => ended(row, "completed"),
};

function without({ waitingFor }: ProcessRow, isOver: (one: Wait) => boolean): Wait[] {
  return waitingFor.filter((one) => !isOver(one));
}

function added(waitingFor: readonly Wait[], one: Wait): Partial<ProcessRow> {
  return { waitingFor: [...waitingFor, one].slice(0, WAITS) };
}

function answered(row: ProcessRow, { commandId }: Data): Partial<ProcessRow> {
  return { waitingFor: without(row, (one) => one.commandId === commandId) };
}

function stepEnded(row: ProcessRow, { step }: Data): Partial<ProcessRow> {
  return { waitingFor: without(row, (one) => one.step === step) };
}

function triedAgain(row: ProcessRow, { step, reason, until }: Data, more: Pick<Wait, "undo"> = {}): Partial<ProcessRow> {
  return added(
    without(row, (one) => one.step === step),
    { what: "retry", ...more, ...text({ step, reason, until }) },
  );
}

/** The first failure of a step counts. */
function failing(row: ProcessRow, data: Data, otherwise: string): Partial<ProcessRow> {
  return { status: "undoing", failure: row.failure ?? failureOf(data, otherwise) };
}

function ended(row: ProcessRow, status: "completed" | "failed", data: Data = {}): Partial<ProcessRow> {
  return { status, waitingFor: [], ...(status === "failed" ? { failure: row.failure ?? failureOf(data, "failed") } : {}) };
}

function failureOf({ step, reason, detail }: Data, otherwise: string): NonNullable<ProcessRow["failure"]> {
  return { reason: otherwise, ...text({ step, reason, detail }) };
}

/** Those of the values that are strings, each of bounded length. */
function text<Name extends string>(values: Readonly<Record<Name, unknown>>): { [Key in Name]?: string } {
  const texts = Object.entries(values).flatMap(([name, value]) => (typeof value === "string" ? [[name, value.slice(0, TEXT)]] : []));
  return Object.fromEntries(texts) as { [Key in Name]?: string };
}
