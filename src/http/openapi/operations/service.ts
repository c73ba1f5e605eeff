/** The service itself. */

import * as z from "zod";
import { JsonObject } from "../../append.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Answer, Operation } from "../operation.ts";
import { JSON_TYPE, NOT_MODIFIED, json } from "./shared.ts";

export const service: readonly Operation[] = [
  {
    method: "get",
    path: "/",
    operationId: "getService",
    summary: "What this service is, with links",
    tag: "Service",
    answers: { 200: pageOrJson("Names and links.", ANSWERS.service) },
    ofService: true,
    open: true,
  },
  {
    method: "get",
    path: "/health",
    operationId: "getHealth",
    summary: "Whether the service is up",
    tag: "Service",
    answers: { 200: json("The service is up.", ANSWERS.health) },
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
    summary: "This document, for people",
    tag: "Service",
    answers: { 200: { description: "One self-contained page.", content: { "text/html": z.string() } } },
    ofService: true,
  },
  {
    method: "get",
    path: "/problems",
    operationId: "listProblems",
    summary: "Every problem that this service answers with",
    tag: "Service",
    answers: { 200: pageOrJson("All problems, by status: when each occurs, and what to do.", ANSWERS.problems) },
    ofService: true,
    open: true,
  },
  {
    method: "get",
    path: "/problems/{code}",
    operationId: "getProblem",
    summary: "The explanation of a problem, which its `type` links to",
    tag: "Service",
    answers: { 200: pageOrJson("When the problem occurs, and what to do.", COMPONENTS.ProblemExplanation) },
    problems: ["not-found"],
    ofService: true,
    open: true,
  },
  {
    method: "get",
    path: "/app",
    operationId: "getApp",
    summary: "The parts of the app, and how they are connected",
    description: "Includes the parts that code declares and the categories that were declared over HTTP in this store.",
    tag: "Service",
    answers: { 200: json("Categories, views, processors and sources.", ANSWERS.app) },
  },
  {
    method: "get",
    path: "/caller",
    operationId: "getCaller",
    summary: "What the token allows in this store",
    description: "Any valid token may ask, even one that allows nothing here. A service that needs no token answers what everybody may do.",
    tag: "Service",
    answers: { 200: json("The caller and its rights.", ANSWERS.caller) },
  },
];

/** A browser gets a page. */
function pageOrJson(description: string, schema: z.ZodType): Answer {
  return { description, content: { [JSON_TYPE]: schema, "text/html": z.string() } };
}
