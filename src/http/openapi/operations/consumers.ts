/** Who follows the log, and how far they are. */

import { z } from "zod";
import type { ConsumerAction } from "../../../store/stream-protocol.ts";
import { ACTIONS, PositionIn, ResetQuery } from "../../consumers.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { JSON_TYPE, json } from "./shared.ts";

const SUMMARIES: Readonly<Record<ConsumerAction, string>> = {
  pause: "Stop it until it is resumed",
  resume: "Let it go on after a pause",
  retry: "Let it try the event that failed again, at once",
  skip: "Let it pass over the event that failed, on record",
  reset: "Let it begin again: a view is rebuilt, a processor reacts again",
};

const RESET = {
  query: ResetQuery,
  notes: { dryRun: { description: "`true`: only count the events that would run again." } },
  answers: {
    200: json("Where it stands now. Of a dry run: what would run again.", z.union([COMPONENTS.Consumer, ANSWERS.resetCount])),
  },
} as const satisfies Partial<Operation>;

export const consumers: readonly Operation[] = [
  {
    method: "get",
    path: "/consumers",
    operationId: "listConsumers",
    summary: "Where everyone who follows the log stands",
    tag: "Consumers",
    answers: { 200: json("Views, processors and webhooks.", ANSWERS.consumers) },
  },
  {
    method: "get",
    path: "/consumers/{name}",
    operationId: "getConsumer",
    summary: "Where one consumer stands",
    tag: "Consumers",
    answers: { 200: json("The consumer.", COMPONENTS.Consumer) },
    problems: ["unknown-consumer"],
  },
  {
    method: "get",
    path: "/metrics",
    operationId: "getMetrics",
    summary: "Figures of the store's log, consumers and webhooks, for Prometheus",
    tag: "Consumers",
    answers: { 200: { description: "In the text format of Prometheus, 0.0.4.", content: { "text/plain": z.string() } } },
  },
  ...ACTIONS.map((action): Operation => ({
    method: "post",
    path: `/consumers/{name}/${action}`,
    operationId: `${action}Consumer`,
    summary: SUMMARIES[action],
    tag: "Consumers",
    ...(action === "skip" || action === "reset" ? { body: { [JSON_TYPE]: PositionIn } } : {}),
    ...(action === "reset" ? RESET : { answers: { 200: json("Where it stands now.", COMPONENTS.Consumer) } }),
    problems: [
      "unknown-consumer",
      "action-not-possible",
      ...(action === "skip" || action === "reset" ? (["position-beyond-head"] as const) : []),
    ],
  })),
];
