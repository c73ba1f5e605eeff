/** The consumers of the log, and how far they are. */

import * as z from "zod";
import type { ConsumerAction } from "../../../store/consumer-protocol.ts";
import { ACTIONS, PositionIn } from "../../consumers.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { JSON_TYPE, json } from "./shared.ts";
import { DryRunQuery } from "../../request.ts";

const SUMMARIES: Readonly<Record<ConsumerAction, string>> = {
  pause: "Pause a consumer until it is resumed",
  resume: "Resume a paused consumer",
  retry: "Retry the failed event of a consumer at once",
  skip: "Skip the failed event of a consumer, and record that",
  reset: "Reset a consumer: a view is rebuilt, a processor reacts again",
};

const COUNTED = {
  query: DryRunQuery,
  notes: { dryRun: { description: "`true`: only count what would run." } },
  answers: {
    200: json("The consumer after the action. After a dry run: what would run.", z.union([COMPONENTS.Consumer, ANSWERS.runCount])),
  },
} as const satisfies Partial<Operation>;

export const consumers: readonly Operation[] = [
  {
    method: "get",
    path: "/consumers",
    operationId: "listConsumers",
    summary: "All consumers, and how far each has read the log",
    tag: "Consumers",
    answers: { 200: json("Views, processors and webhooks.", ANSWERS.consumers) },
  },
  {
    method: "get",
    path: "/consumers/{name}",
    operationId: "getConsumer",
    summary: "One consumer, and how far it has read the log",
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
    answers: { 200: { description: "The metrics in the text format of Prometheus, 0.0.4.", content: { "text/plain": z.string() } } },
  },
  ...ACTIONS.map((action): Operation => ({
    method: "post",
    path: `/consumers/{name}/${action}`,
    operationId: `${action}Consumer`,
    summary: SUMMARIES[action],
    tag: "Consumers",
    ...(action === "skip" || action === "reset" ? { body: { [JSON_TYPE]: PositionIn } } : {}),
    ...(action === "pause" ? { answers: { 200: json("The consumer after the action.", COMPONENTS.Consumer) } } : COUNTED),
    problems: [
      "unknown-consumer",
      "action-not-possible",
      ...(action === "skip" || action === "reset" ? (["position-beyond-head"] as const) : []),
    ],
  })),
];
