/** The service itself. */

import { z } from "zod";
import { JsonObject } from "../../append.ts";
import { ANSWERS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { NOT_MODIFIED, json } from "./shared.ts";

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
];
