/** Process managers and sagas in memory: their own code processes the inputs, as the stream's object would run it. */

import type { Cancellation, DecideContext, Timer } from "../core/command.ts";
import type { SendAction } from "../core/sending.ts";
import type { NewEvent, RecordedEvent } from "../core/event.ts";
import { derivedId } from "../core/ids.ts";
import { streamIdProblem } from "../core/names.ts";
import { canonical } from "../core/json.ts";
import { COMMAND_SENT, type CommandSent, INPUT, OUTCOME } from "../definitions/processors/process-events.ts";
import type { Completion } from "../definitions/processors/process-answer.ts";
import type { ProcessState } from "../definitions/processors/process-fold.ts";
import type { Process } from "../definitions/processors/process.ts";
import type { AnyAggregate } from "../definitions/aggregate.ts";
import { type TimerChange, decide, dueOf } from "../streams/decide.ts";
import { parseData } from "../core/parse-data.ts";
import { evolved, initialStateOf } from "../streams/fold.ts";
import type { AnyInput } from "./inputs.ts";
import { NOW, type On, asStored, dataOf, recorded } from "./recorded.ts";
import { plainState } from "./plain-state.ts";
import { same } from "./same.ts";

/** What an input leads to, in a form that can be compared. */
type Part = NewEvent<string, unknown, PropertyKey> | SendAction | Timer | Cancellation | Completion;

interface Answered {
  readonly parts: readonly object[];
  readonly refused?: string;
}

/** What has reached a process: the sentence goes on with an input. */
export interface GivenProcess<Input, AnyPart> {
  /** The next input. */
  when(input: Input): ThenProcess<AnyPart>;
}

/** What an input has led to: the sentence ends here. */
export interface ThenProcess<AnyPart> {
  /** The instance's own events, commands, timers and its end, in this order, and nothing else. */
  then(...parts: AnyPart[]): void;
  /** These commands, in this order, whatever else the answer contains. */
  thenSends(...commands: readonly [Extract<AnyPart, SendAction>, ...Extract<AnyPart, SendAction>[]]): void;
  thenNothing(): void;
  /** The command is refused. */
  thenRefused(reason: string): void;
  /** The state after the input, for assertions. */
  readonly state: unknown;
  /** It has reached its end. */
  readonly completed: boolean;
}

export function givenProcess(process: Process, inputs: readonly AnyInput[]): GivenProcess<AnyInput, Part> {
  return {
    when(input) {
      const instance = new Instance(process);
      for (const one of inputs) instance.take(one);
      const answered = instance.take(input);
      const sentence = `${process.name}: given ${inputs.map(nameOf).join(", ") || "nothing"}, when ${nameOf(input)}`;
      const thenParts = (...expected: readonly Part[]) =>
        same(sentence, answered, asStored({ parts: asKept(expected).map((part) => shown(process, part, instance.now)) }));
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- the word of given/when/then; awaiting an unfinished sentence fails
        then: thenParts,
        thenNothing: () => thenParts(),
        thenSends(...expected) {
          const sent = answered.parts.filter((part) => "kind" in part && part.kind === "send");
          same(sentence, sent, asStored(expected.map((part) => shown(process, part, instance.now))));
        },
        thenRefused: (reason) => same(sentence, answered, { parts: [], refused: reason }),
        state: instance.state.own,
        completed: instance.state.completed,
      };
    },
  };
}

/** One instance in memory. */
export class Instance {
  readonly #process: Process;
  #state: ProcessState;
  #id = "1";
  #version = 0;
  #inputs = 0;
  #positions = 0;
  /** Keyed by {@link timerName}. */
  readonly #timers = new Map<string, { readonly due: number; readonly data: unknown }>();
  #now = Date.parse(NOW);

  constructor(process: Process) {
    this.#process = process;
    this.#state = plain(process, "the initial state", initialStateOf(process as AnyAggregate));
  }

  get state(): ProcessState {
    return this.#state;
  }

  get now(): Date {
    return new Date(this.#now);
  }

  /**
   * Takes an input.
   *
   * @throws {TypeError} when it could not happen: a command was not sent, a timer not set, an event does not fit its schema
   */
  take(input: AnyInput): Answered {
    this.#inputs++;
    switch (input.kind) {
      case "on":
        return this.#takeEvent(input);
      case "command":
        return this.#run(input.command, input.data);
      case "timeout": {
        const name = timerName({ command: input.timeout, ...input });
        const timer = this.#timers.get(name);
        if (!timer) throw new TypeError(`${this.#process.name} has set no timer "${name}" (${[...this.#timers.keys()].join(", ")})`);
        this.#timers.delete(name);
        this.#now = Math.max(this.#now, timer.due);
        return this.#run(input.timeout, timer.data);
      }
      case "outcome": {
        const sent = this.#state.inFlight.find((one) => isSame(one, input.sent));
        if (!sent) throw new TypeError(`${this.#process.name} waits for no ${nameOf(input)}`);
        return this.#run(OUTCOME, { ...input.outcome, commandId: sent.commandId });
      }
    }
  }

  #takeEvent(given: On): Answered {
    const event: RecordedEvent = { ...(recorded(this.#process.followed, [given])[0] as RecordedEvent), position: ++this.#positions };
    const id = this.#process.process.correlate.get(event.type)?.(event);
    if (id === undefined) return { parts: [] };
    const problem = streamIdProblem(id);
    if (problem) throw new TypeError(`process "${this.#process.name}" correlates ${event.type} to the instance "${id}", but ${problem}`);
    this.#id = id;
    return this.#run(INPUT, { event });
  }

  #run(command: string, body: unknown): Answered {
    const aggregate = this.#process as AnyAggregate;
    const schema = Object.hasOwn(aggregate.commands, command) ? aggregate.commands[command] : undefined;
    if (!schema) throw new TypeError(`${aggregate.name} has no command "${command}"`);
    const parsed = parseData(schema, asStored(body));
    if ("issues" in parsed) throw new TypeError(`${command} does not fit its schema: ${JSON.stringify(parsed.issues)}`);
    const commandId = derivedId("input", this.#inputs);
    const context: DecideContext = {
      now: new Date(this.#now),
      id: this.#id,
      version: this.#version,
      commandId,
      meta: { correlationId: commandId, causationId: commandId },
    };
    const decided = decide(aggregate, command, this.#state, parsed.data, context);
    if (decided.kind === "refused") return { parts: [], refused: decided.reason };
    for (const { type, data } of decided.events) {
      const at = context.now.toISOString();
      const event = { id: "", version: ++this.#version, type, meta: {}, time: at, recordedAt: at };
      this.#state = plain(this.#process, `the state after ${type}`, evolved(aggregate, this.#state, JSON.parse(data), event));
    }
    for (const timer of decided.timers) {
      if ("due" in timer) this.#timers.set(timerName(timer), { due: timer.due, data: JSON.parse(timer.data) });
      else if (timer.cancelled === "all") this.#timers.clear();
      else this.#timers.delete(timerName(timer));
    }
    return asStored({ parts: [...decided.events.flatMap(partOf), ...decided.timers.flatMap(timerPart)] });
  }
}

/** What tells timers apart: the command, and the key if it has one. */
function timerName({ command, key = "" }: { readonly command: string; readonly key?: string }): string {
  return key === "" ? command : `${command} (${key})`;
}

/** The end cancels all timers, and a saga has one of its own: tests need not list these. */
function timerPart(timer: TimerChange): object[] {
  if (timer.cancelled === "all" || timer.command.startsWith("$")) return [];
  const { command, key } = timer;
  const name = { command, ...(key === "" ? {} : { key }) };
  if (!("due" in timer)) return [{ kind: "cancel", ...name }];
  return [{ kind: "after", ...name, due: new Date(timer.due).toISOString(), data: JSON.parse(timer.data) }];
}

/** The state, with a check of the process's own part: the rest is the engine's. */
function plain(process: Process, what: string, state: unknown): ProcessState {
  const whole = state as ProcessState;
  return plainState(process, what, whole, whole.own ?? null);
}

/** A stored event as the part of an answer that it was. Events that record outcomes were not part of a handler's answer. */
function partOf({ type, data }: { type: string; data: string }): object[] {
  if (type === COMMAND_SENT) {
    const { aggregate, id, command, data: sent } = JSON.parse(data) as CommandSent;
    return [{ kind: "send", aggregate, id, command, data: sent }];
  }
  if (type === "$Completed") return [{ kind: "complete" }];
  return type.startsWith("$") ? [] : [{ kind: "event", type, data: JSON.parse(data) }];
}

/** Parts in the order in which they are stored: first what becomes an event, then timers. */
function asKept(parts: readonly Part[]): Part[] {
  const isTimer = ({ kind }: Part) => kind === "after" || kind === "cancel";
  return [...parts.filter((part) => !isTimer(part)), ...parts.filter(isTimer)];
}

/** An expected part, as what is stored shows it. */
function shown(process: Process, part: Part, now: Date): object {
  switch (part.kind) {
    case "event":
      return { kind: "event", type: part.type, data: dataOf([process], process.name, part) };
    case "send": {
      const { kind, aggregate, id, command, data } = part;
      return { kind, aggregate, id, command, data };
    }
    case "after": {
      const { kind, command, key, data } = part;
      return { kind, command, ...(key === undefined ? {} : { key }), due: new Date(dueOf(part, now)).toISOString(), data };
    }
    default:
      return part;
  }
}

function isSame(sent: CommandSent, { aggregate, id, command, data }: SendAction): boolean {
  return sent.aggregate === aggregate && sent.id === id && sent.command === command && canonical(sent.data) === canonical(asStored(data));
}

function nameOf(input: AnyInput): string {
  switch (input.kind) {
    case "on":
      return `${input.event.type} on ${input.stream}`;
    case "command":
      return input.command;
    case "timeout":
      return `the timeout ${timerName({ command: input.timeout, ...input })}`;
    case "outcome":
      return `${input.outcome.outcome} ${input.sent.command} for ${input.sent.aggregate}/${input.sent.id}`;
  }
}
