/** Who is told. */

import { WebhookIn } from "../../webhooks.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { JSON_TYPE, json } from "./shared.ts";

export const webhooks: readonly Operation[] = [
  {
    method: "post",
    path: "/webhooks",
    operationId: "createWebhook",
    summary: "Add a webhook",
    tag: "Webhooks",
    body: { [JSON_TYPE]: WebhookIn },
    answers: { 201: json("It is added. This is the only time its secret is shown.", COMPONENTS.CreatedWebhook, ["Location"]) },
  },
  {
    method: "get",
    path: "/webhooks",
    operationId: "listWebhooks",
    summary: "All webhooks",
    tag: "Webhooks",
    answers: { 200: json("Those of the code that are on, and those added at run time.", ANSWERS.webhooks) },
  },
  {
    method: "get",
    path: "/webhooks/{id}",
    operationId: "getWebhook",
    summary: "One webhook",
    tag: "Webhooks",
    answers: { 200: json("The webhook.", COMPONENTS.Webhook) },
    problems: ["unknown-webhook"],
  },
  {
    method: "delete",
    path: "/webhooks/{id}",
    operationId: "deleteWebhook",
    summary: "Remove a webhook",
    tag: "Webhooks",
    answers: { 204: { description: "It is removed." } },
    problems: ["unknown-webhook", "declared-in-code"],
  },
];
