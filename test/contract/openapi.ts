/** Every operation that the service documents takes a valid request, and answers as it says. */

import { type Schema, Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import type { OpenApi } from "../../src/http/openapi/document.ts";
import { REQUESTS } from "../workers/http-openapi/requests.ts";
import { type Service, read } from "./http.ts";

/** A schema of the document on its own, with the components it may refer to. */
function standalone(schema: object, { components }: OpenApi): Schema {
  const text = JSON.stringify({ ...schema, $defs: components.schemas });
  return JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/")) as Schema;
}

/** Some commands and queries are there to fail, nothing has failed that could be tried again, some rows are not there, and the shop's reactor may not have come to the order yet. */
const MAY_FAIL =
  /Throw|Nonsense|RejectOrder|errand:Note|(?:ready-orders|specimens|customer-totals|stock-by-product|sales-per-day):row|misspells|retryDelivery|retryConsumer|skipConsumer|retrySource|skipSource/;

/** Some of what is asked for waits for what never comes: the answer says so, soon. */
const SOON = { prefer: "wait=2" };

export function openapi({ fetch, freshStore }: Service): void {
  describe("every documented operation", () => {
    it("accepts a valid request, and answers as documented", async () => {
      const document = (await read(await fetch("/openapi.json"))) as OpenApi;
      const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
      );
      const { store, send } = freshStore("openapi");
      expect(Object.keys(REQUESTS).toSorted()).toEqual(operations.map(({ operation }) => operation.operationId).toSorted());
      let webhook = "";
      for (const [id, { path: values = {}, query, headers = {}, body }] of Object.entries(REQUESTS)) {
        const { method, path: template, operation } = operations.find((one) => one.operation.operationId === id)!;
        const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => (values[name] ?? "").replace("{webhook}", webhook));
        const target = path + (query ? `?${query}` : "");
        const response = operation.servers ? await fetch(target) : await send(method.toUpperCase(), target, body, { ...SOON, ...headers });
        const what = `${id} (${method} ${target} in ${store}) → ${response.status}`;
        const documented = operation.responses[response.status];
        expect(documented, what).toBeDefined();
        expect(response.ok || MAY_FAIL.test(id), what).toBe(true);
        const type = response.headers.get("content-type")?.split(";")[0] ?? "";
        const media = documented?.content?.[type];
        expect(media !== undefined || method === "head" || documented?.content === undefined, `${what} ${type}`).toBe(true);
        if (!media || !type.endsWith("json")) continue;
        const answer = await read(response);
        if (id === "createWebhook") webhook = answer.id;
        const { valid, errors } = new Validator(standalone(media.schema, document), "2020-12").validate(answer);
        expect(valid ? [] : errors, `${what} ${JSON.stringify(answer)}`).toEqual([]);
      }
    }, 60_000);
  });
}
