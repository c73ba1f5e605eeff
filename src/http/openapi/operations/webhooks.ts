/** Webhooks, and their deliveries. */

import { DeliveriesOfEventsQuery, DeliveriesQuery, ReplayIn, RetryIn, RotateIn, WebhookIn, WebhookPatch } from "../../webhooks-in.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { JSON_TYPE, json } from "./shared.ts";
import { DryRunQuery } from "../../request.ts";

export const webhooks: readonly Operation[] = [
  {
    method: "post",
    path: "/webhooks",
    operationId: "createWebhook",
    summary: "Add a webhook",
    tag: "Webhooks",
    body: { [JSON_TYPE]: WebhookIn },
    answers: { 201: json("The webhook is added. Its secret is shown only in this answer.", COMPONENTS.CreatedWebhook, ["Location"]) },
    problems: ["too-many-webhooks", "position-beyond-head"],
  },
  {
    method: "get",
    path: "/webhooks",
    operationId: "listWebhooks",
    summary: "All webhooks",
    tag: "Webhooks",
    answers: { 200: json("The webhooks that code declares and that are switched on, and those added at run time.", ANSWERS.webhooks) },
  },
  {
    method: "get",
    path: "/webhooks/deliveries",
    operationId: "listDeliveriesOfEvents",
    summary: "The deliveries of some events, by all webhooks",
    description:
      "In the order of the events, each delivery with all its attempts that are on record. An event that waits, or that no webhook wants, has none. Of each webhook the deliveries of its latest 20 replays and resets are included.",
    tag: "Webhooks",
    query: DeliveriesOfEventsQuery,
    notes: { position: { description: "The position of an event. Required; repeated: the deliveries of all these events, up to 100." } },
    answers: { 200: json("The deliveries.", ANSWERS.deliveriesOfEvents) },
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
    method: "patch",
    path: "/webhooks/{id}",
    operationId: "changeWebhook",
    summary: "Change, pause or resume a webhook",
    description:
      "A JSON merge patch: null removes a member, and members that are left out stay. A new filter applies to everything that was not attempted yet. A webhook that code declares can only be paused and resumed.",
    tag: "Webhooks",
    body: { [JSON_TYPE]: WebhookPatch },
    answers: { 200: json("The webhook after the change.", COMPONENTS.Webhook) },
    problems: ["unknown-webhook", "declared-in-code"],
  },
  {
    method: "delete",
    path: "/webhooks/{id}",
    operationId: "deleteWebhook",
    summary: "Remove a webhook",
    tag: "Webhooks",
    answers: { 204: { description: "The webhook is removed." } },
    problems: ["unknown-webhook", "declared-in-code"],
  },
  {
    method: "post",
    path: "/webhooks/{id}/rotate-secret",
    operationId: "rotateWebhookSecret",
    summary: "Replace a webhook's secret",
    description: "The previous secret goes on signing for 24 hours, along with the new one. Without a body, the store generates a secret.",
    tag: "Webhooks",
    body: { [JSON_TYPE]: RotateIn },
    answers: { 200: json("The secret is replaced. The new one is shown only in this answer.", ANSWERS.rotated) },
    problems: ["unknown-webhook", "declared-in-code"],
  },
  {
    method: "post",
    path: "/webhooks/{id}/test",
    operationId: "testWebhook",
    summary: "Send a test message",
    description:
      "The store sends a `$webhook.test` now, even while the webhook is paused. It is not an event, and no delivery is recorded for it.",
    tag: "Webhooks",
    answers: { 200: json("The result of the test message.", ANSWERS.outcome) },
    problems: ["unknown-webhook"],
  },
  {
    method: "post",
    path: "/webhooks/{id}/replay",
    operationId: "replayWebhook",
    summary: "Send a range of the log again",
    description:
      "The replay makes new deliveries, with new `webhook-id`s, while new events are still delivered. Each stream stays in order.",
    tag: "Webhooks",
    body: { [JSON_TYPE]: ReplayIn },
    query: DryRunQuery,
    notes: { dryRun: { description: "Only count the events that would be sent again." } },
    answers: {
      200: json("With `dryRun=true`: what would be sent again. Nothing was sent.", ANSWERS.replayCount),
      202: json("The replay has begun; the webhook shows its progress.", COMPONENTS.Replay),
    },
    problems: ["unknown-webhook", "replay-refused", "position-beyond-head"],
  },
  {
    method: "get",
    path: "/webhooks/{id}/deliveries",
    operationId: "listDeliveries",
    summary: "A webhook's deliveries",
    description:
      "Newest first. A page filtered by `status` reads a bounded number of entries: it may be short or empty and still have a next page.",
    tag: "Webhooks",
    query: DeliveriesQuery,
    notes: { after: { description: "The id of a delivery: list those after it." } },
    answers: { 200: json("A page.", ANSWERS.deliveries, ["Link"]) },
    problems: ["unknown-webhook"],
  },
  {
    method: "post",
    path: "/webhooks/{id}/deliveries/retry",
    operationId: "retryDeliveries",
    summary: "Retry parked deliveries",
    description:
      "Retries those between two positions, inclusive; without a body, all. One call retries a bounded number: `left` tells how many remain.",
    tag: "Webhooks",
    body: { [JSON_TYPE]: RetryIn },
    query: DryRunQuery,
    notes: { dryRun: { description: "Only count the deliveries that are parked there." } },
    answers: {
      200: json("With `dryRun=true`: how many are parked. Nothing was sent.", ANSWERS.parkedCount),
      202: json("The deliveries are retried now, under their old `webhook-id`s.", ANSWERS.retried),
    },
    problems: ["unknown-webhook"],
  },
  {
    method: "post",
    path: "/webhooks/{id}/deliveries/{deliveryId}/retry",
    operationId: "retryDelivery",
    summary: "Retry one delivery now",
    tag: "Webhooks",
    answers: { 202: json("The delivery is retried now, under its old `webhook-id`.", COMPONENTS.Delivery) },
    problems: ["unknown-webhook", "unknown-delivery", "delivery-ended"],
  },
  {
    method: "get",
    path: "/.well-known/webhooks/{id}",
    operationId: "getWebhookKeys",
    summary: "A webhook's public keys",
    description: "Receivers check `v1a` signatures with them. Needs no token.",
    tag: "Webhooks",
    open: true,
    answers: { 200: json("The keys that sign now, newest first.", ANSWERS.publicKeys) },
    problems: ["unknown-webhook"],
  },
];
