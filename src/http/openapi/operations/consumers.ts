/** Who follows the log, and how far they are. */

import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { json } from "./shared.ts";

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
];
