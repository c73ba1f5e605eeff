/** The service itself. */

import { z } from "zod";
import { JsonObject } from "../../append.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Answer, Operation } from "../operation.ts";
import { JSON_TYPE, NOT_MODIFIED, json } from "./shared.ts";

export const service: readonly Operation[] = [
  {
    method: "get",
    path: "/",
    operationId: "getService",
    summary: "What this is, and where to look",
    tag: "Service",
    answers: { 200: json("Names and links.", ANSWERS.service) },
    ofService: true,
    open: true,
  },
  {
    method: "get",
    path: "/health",
    operationId: "getHealth",
    summary: "Whether it is there",
    tag: "Service",
    answers: { 200: json("It is.", ANSWERS.health) },
    ofService: true,
    open: true,
  },
  {
    method: "get",
    path: "/openapi.json",
    operationId: "getOpenApi",
    summary: "This document",
    tag: "Service",
    headers: ["If-None-Match"],
    answers: { 200: json("OpenAPI 3.1.", JsonObject, ["ETag"]), 304: NOT_MODIFIED },
    ofService: true,
  },
  {
    method: "get",
    path: "/docs",
    operationId: "getDocs",
    summary: "This document, to read",
    tag: "Service",
    answers: { 200: { description: "One page that needs nothing else.", content: { "text/html": z.string() } } },
    ofService: true,
  },
  {
    method: "get",
    path: "/problems",
    operationId: "listProblems",
    summary: "Every problem that this service answers with",
    tag: "Service",
    answers: { 200: pageOrJson("By status: when each occurs, and what to do.", ANSWERS.problems) },
    ofService: true,
    open: true,
  },
  {
    method: "get",
    path: "/problems/{code}",
    operationId: "getProblem",
    summary: "What the `type` of a problem names",
    tag: "Service",
    answers: { 200: pageOrJson("When it occurs, and what to do.", COMPONENTS.ProblemExplanation) },
    problems: ["not-found"],
    ofService: true,
    open: true,
  },
  {
    method: "get",
    path: "/app",
    operationId: "getApp",
    summary: "What the app consists of, and how its parts hang together",
    description: "Of the code, and of the categories that are declared in this store over HTTP.",
    tag: "Service",
    answers: { 200: json("Categories, views, processors and sources.", ANSWERS.app) },
  },
];

/** A browser gets a page. */
function pageOrJson(description: string, schema: z.ZodType): Answer {
  return { description, content: { [JSON_TYPE]: schema, "text/html": z.string() } };
}
