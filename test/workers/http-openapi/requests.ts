/** One valid request for every operation of the tests' app, in an order in which each finds what it needs. */

const JSON_SCHEMA = { type: "object", properties: { celsius: { type: "number" } }, required: ["celsius"] };

export interface ExampleRequest {
  /** Values of the path's parameters. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** By operation id. `{webhook}` and `{event}` stand for what was made before. */
export const REQUESTS: Readonly<Record<string, ExampleRequest>> = {
  "aggregates:product:ReceiveStock": { path: { id: "apple" }, body: { quantity: 10 } },
  "aggregates:product:ReserveStock": { path: { id: "apple" }, body: { order: "1", quantity: 2 } },
  "aggregates:product:ReleaseStock": { path: { id: "apple" }, body: { order: "1" } },
  "aggregates:order:PlaceOrder": { path: { id: "1" }, body: { customer: "a customer", lines: [{ sku: "apple", quantity: 2 }] } },
  "aggregates:order:ConfirmLine": { path: { id: "1" }, body: { sku: "apple" } },
  "aggregates:order:RejectOrder": { path: { id: "2" }, body: { reason: "sold out", sku: "apple" } },
  "aggregates:counter:Count": { path: { id: "1" }, body: { by: 12 }, headers: { "Idempotency-Key": "first", Prefer: "wait=5" } },
  "aggregates:counter:CountTwice": { path: { id: "1" }, body: {}, headers: { Prefer: "respond-async" } },
  "aggregates:counter:DoNothing": { path: { id: "1" }, body: {} },
  "aggregates:counter:Throw": { path: { id: "1" }, body: {} },
  "aggregates:counter:DecideNonsense": { path: { id: "1" }, body: {} },
  "aggregates:reminder:Ask": { path: { id: "1" }, body: { in: "1h" } },
  "aggregates:reminder:Remind": { path: { id: "1" }, body: { note: "now" } },
  "aggregates:reminder:Drop": { path: { id: "2" }, body: {} },
  "aggregates:reminder:SetNonsense": { path: { id: "1" }, body: {} },
  "aggregates:errand:Note": { path: { id: "1" }, body: { what: "x" } },
  "aggregates:contract:Sign": { path: { id: "1" }, body: { cents: 100, currency: "EUR" } },
  sendCommand: { path: { name: "counter", id: "2", command: "Count" }, body: {} },
  getCommand: { path: { name: "counter", id: "1", commandId: "first" }, query: "wait=1" },
  getState: { path: { name: "reminder", id: "1" }, query: "" },
  listCategories: {},
  declareCategory: { path: { category: "weather" }, body: { description: "Outside", schema: JSON_SCHEMA } },
  getCategory: { path: { category: "weather" } },
  appendFact: { path: { category: "weather" }, body: { celsius: 21.5 } },
  appendEvents: {
    path: { category: "reading", id: "roof" },
    headers: { "If-Match": '"0"', "Correlation-Id": "c-1", Prefer: "wait=5" },
    body: {
      events: [{ id: "01890000-0000-7000-8000-000000000001", type: "Read", data: { value: 7 }, time: "2026-11-21T06:00:00.123456+01:00" }],
    },
  },
  readStream: { path: { category: "reading", id: "roof" }, query: "from=1&limit=10&type=Read&positions=true" },
  headStream: { path: { category: "reading", id: "roof" } },
  readLog: { query: "after=0&limit=3&category=counter&category=reading" },
  getHead: {},
  listStreams: { query: "limit=1" },
  findEvent: { path: { id: "01890000-0000-7000-8000-000000000001" } },
  importEvents: {
    headers: { "content-type": "application/x-ndjson" },
    body: `${JSON.stringify({ stream: "reading/cellar", type: "Read", data: { value: 8 } })}\n`,
  },
  listViews: {},
  queryView: { path: { view: "totals" }, query: "counter=1&consistency=strong" },
  getRow: { path: { view: "totals", key: "1" }, query: "minPosition=1" },
  "views:ready-orders:query": { query: "customer=a%20customer&limit=5" },
  "views:ready-orders:row": { path: { key: "1" }, query: "consistency=strong" },
  "views:stock:query": { query: "available=10&consistency=strong" },
  "views:stock:row": { path: { key: "apple" } },
  "views:totals:query": { query: "big=true&consistency=strong" },
  "views:totals:row": { path: { key: "1" } },
  "views:values:query": { query: "consistency=strong" },
  "views:values:row": { path: { key: "any" } },
  "views:contracts:query": { query: "cents=100&consistency=strong" },
  "views:contracts:row": { path: { key: "1" } },
  listConsumers: {},
  getConsumer: { path: { name: "totals" } },
  createWebhook: { body: { url: "https://example.com/hook", types: ["Read"] } },
  listWebhooks: {},
  getWebhook: { path: { id: "{webhook}" } },
  deleteWebhook: { path: { id: "{webhook}" } },
  deleteStream: { path: { category: "reading", id: "roof" }, query: "erase=true" },
  retireCategory: { path: { category: "weather" } },
  getService: {},
  getHealth: {},
  getOpenApi: {},
  getDocs: {},
};
