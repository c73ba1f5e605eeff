/**
 * `npm run demo`: the shop's story, told call by call, every answer checked.
 *
 * It starts a store of its own and leaves nothing behind; with HEADSPRING_URL it uses one that already runs on this machine.
 */

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { Client, type ShopEvent, type Written, until } from "./client.ts";
import { DevServer, freePort, temporaryFolder } from "./dev-server.ts";
import { PaymentService, REFUSED, UNDECIDED } from "./payments.ts";
import { Receiver } from "./receiver.ts";

/** Makes ids of this run, so that the story can run again and again in one store. */
const run = randomUUID().slice(0, 6);
const [apple, pear, first, second] = [`apple-${run}`, `pear-${run}`, `first-${run}`, `second-${run}`];

let output = "";
const payments = await PaymentService.listen();
const own = process.env.HEADSPRING_URL ? undefined : await startOwn();
const client = new Client(process.env.HEADSPRING_URL?.replace(/\/$/, "") ?? own?.url ?? "");
const receiver = await Receiver.listen();
let webhook: string | undefined;

const interrupted = new Promise<never>((_resolve, reject) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => reject(new Error(`interrupted by ${signal}`)));
});
try {
  await Promise.race([interrupted, tell()]);
  console.log("\nEvery answer was as it should be.");
} catch (error) {
  const { message, cause } = error as Error;
  const why = cause instanceof Error ? `${client.url} does not answer: ${cause.message}` : message;
  console.error(`\nThe demo failed: ${why}${output && `\n\nThe server said:\n${output}`}`);
  process.exitCode = 1;
} finally {
  if (webhook) await client.call(`/webhooks/${webhook}`, undefined, {}, "DELETE").catch(() => undefined);
  receiver.close();
  payments.close();
  await own?.stop();
}
process.exit();

async function startOwn(): Promise<DevServer> {
  const server = new DevServer({
    port: await freePort(),
    persistTo: temporaryFolder(),
    variables: { PAYMENT_URL: payments.url },
    output: (text) => (output += text),
  });
  await server.listening().catch((error: Error) => {
    console.error(`${error.message}\n${output}`);
    process.exit(1);
  });
  return server;
}

async function tell(): Promise<void> {
  console.log(`A store at ${client.url}${own ? ", empty, for this demo only" : ""}.`);

  chapter("The shipping company wants to hear of every order that is ready");
  const subscription = await call<{ id: string; secret: string }>(201, "/webhooks", { url: receiver.url, types: ["OrderReady"] });
  webhook = subscription.id;
  receiver.secret = subscription.secret;

  chapter("Goods arrive");
  const received = await call<Written>(200, `/aggregates/product/${apple}/ReceiveStock`, { quantity: 10 });
  await call(200, `/aggregates/product/${pear}/ReceiveStock`, { quantity: 2 });
  check("the version of a new product", received.version, 1);

  chapter("A customer orders three apples");
  const lines = [{ sku: apple, quantity: 3 }];
  const placed = await call<Written>(
    200,
    `/aggregates/order/${first}/PlaceOrder`,
    { customer: "a customer", lines },
    { prefer: "wait=30" },
  );

  chapter("They are reserved, and the order is ready: the view has it as soon as it is so");
  const row = await call<Record<string, unknown>>(200, `/views/ready-orders/${first}`, undefined, { prefer: "wait=30" });
  check("the row of the first order", { ...row, readySince: "" }, { orderId: first, customer: "a customer", lines, readySince: "" });
  await checkStock(apple, { available: 7, reserved: 3 });

  chapter("The shipping company is notified, and can verify by the signature that it is us");
  const delivery = await until("the webhook's delivery", () => receiver.deliveries.find(({ event }) => event.stream === `order/${first}`));
  say(`came: webhook-id ${delivery.id}, ${delivery.type} of ${delivery.event.stream}, signature valid`);
  check("what was turned away", receiver.refused, []);
  check("the type that was delivered", delivery.type, "OrderReady");

  chapter("Another customer orders two apples and five pears, but there are only two pears");
  const wanted = {
    customer: "another customer",
    lines: [
      { sku: apple, quantity: 2 },
      { sku: pear, quantity: 5 },
    ],
  };
  const refused = await call<Written>(200, `/aggregates/order/${second}/PlaceOrder`, wanted, { prefer: "wait=30" });

  chapter("All or nothing: the order is rejected, and the apples reserved for it are released");
  const after = (refused.position ?? 1) - 1;
  const released = await until("the release of the apples", async () =>
    (await client.log(after)).find(
      ({ stream, type, data }) => stream === `product/${apple}` && type === "StockReleased" && data.order === second,
    ),
  );
  check("the pieces released", released.data.quantity, 2);
  const { state } = await call<{ state: { status: string } }>(200, `/aggregates/order/${second}`);
  check("the second order", state.status, "rejected");
  await checkStock(apple, { available: 7, reserved: 3 });
  await checkStock(pear, { available: 2, reserved: 0 });
  check("ready orders of the second customer", (await client.call(`/views/ready-orders/${second}`)).status, 404);

  chapter("One correlation id ties together all that an order has caused, over all streams");
  const log = await client.log((placed.position ?? 1) - 1);
  check(`what order/${first} caused`, conversation(log, `order/${first}`), [
    `order/${first} OrderPlaced`,
    `order/${first} OrderReady`,
    `product/${apple} StockReserved`,
  ]);
  check(`what order/${second} caused`, conversation(log, `order/${second}`), [
    `order/${second} OrderPlaced`,
    `order/${second} OrderRejected`,
    `product/${apple} StockReleased`,
    `product/${apple} StockReserved`,
    `product/${pear} ReservationDeclined`,
  ]);

  if (own) await tellOfCheckouts();
  else console.log("\n(The checkouts run on a store of the demo's own only: they need a payment service that its worker knows.)");
}

/** Checkouts: a saga that is completed, one that is compensated, and one that takes too long. */
async function tellOfCheckouts(): Promise<void> {
  await call<Written>(200, `/aggregates/product/${pear}/ReceiveStock`, { quantity: 10 });
  const lines = [
    { sku: apple, quantity: 1 },
    { sku: pear, quantity: 2 },
  ];
  const basket = { customer: "a customer", lines };

  chapter("A customer checks out: products are reserved, the money is taken, and only then is the order placed");
  const paid = await checkOut(`paid-${run}`, { ...basket, cents: 1_250 });
  check("the checkout", paid.status, "completed");
  check(
    "what was charged",
    [...payments.charges.values()].map(({ order, cents }) => ({ order, cents })),
    [{ order: `paid-${run}`, cents: 1_250 }],
  );
  const row = await call<{ orderId: string }>(200, `/views/ready-orders/paid-${run}`, undefined, { prefer: "wait=30" });
  check("the order that is ready", row.orderId, `paid-${run}`);
  await history(`paid-${run}`, ["SagaCompleted", "$Completed"]);

  chapter("The next customer's card is refused: what was reserved is given back, and there is no order");
  const refused = await checkOut(`refused-${run}`, { ...basket, cents: REFUSED });
  check("the checkout", [refused.status, refused.failure], ["failed", { step: "pay", reason: "card-declined" }]);
  await history(`refused-${run}`, ["SagaFailed", "$Completed"]);
  check("the order", (await client.call(`/aggregates/order/refused-${run}`)).status, 404);

  chapter("Another customer does not pay in time: the payment is cancelled, and everything is as before");
  const late = await checkOut(`late-${run}`, { ...basket, cents: UNDECIDED, patience: "1s" });
  check("the checkout", [late.status, late.failure], ["failed", { step: "pay", reason: "timed-out" }]);
  check("its steps", Object.fromEntries(late.steps.map(({ name, status }) => [name, status])), {
    [`reserve ${apple}`]: "undone",
    [`reserve ${pear}`]: "undone",
    pay: "undone",
    place: "pending",
    [`confirm ${apple}`]: "pending",
    [`confirm ${pear}`]: "pending",
  });
  await history(`late-${run}`, ["SagaFailed", "$Completed"]);
  const { state } = await call<{ state: { status: string } }>(200, `/aggregates/payment/late-${run}`);
  check("the payment", state.status, "cancelled");
  await checkStock(apple, { available: 6, reserved: 4 });
  await checkStock(pear, { available: 10, reserved: 2 });
}

interface Checkout {
  readonly status: string;
  readonly failure?: unknown;
  readonly steps: readonly { readonly name: string; readonly status: string }[];
}

function checkOut(id: string, input: object): Promise<Checkout> {
  return call<Checkout>(200, `/sagas/checkout/${id}`, input, { prefer: "wait=30" });
}

/** Prints the history of a checkout, and checks how it ends. */
async function history(id: string, ends: readonly string[]): Promise<void> {
  const { events } = await client.get<{ events: readonly { version: number; type: string; data: Record<string, string> }[] }>(
    `/streams/checkout/${id}?limit=1000`,
  );
  say(`GET /streams/checkout/${id}`);
  for (const { version, type, data } of events) {
    const { label, step, aggregate, id: stream, command, reason } = data;
    const what = type === "$CommandSent" ? `${command} to ${aggregate}/${stream} (${label})` : [step, reason].filter(Boolean).join(": ");
    say(`  v${version}  ${type}  ${what}`);
  }
  check(
    "its last events",
    events.slice(-ends.length).map(({ type }) => type),
    ends,
  );
}

/**
 * The events that share the correlation id of an order's first event. They are printed in the log's order and checked in any:
 * what happens in different streams may come in another one, and a line is not confirmed when the rejection was faster.
 */
function conversation(log: readonly ShopEvent[], order: string): string[] {
  const correlationId = log.find(({ stream }) => stream === order)?.meta.correlationId;
  say(`correlation ${correlationId}`);
  const events = log.filter(({ meta }) => meta.correlationId === correlationId);
  for (const { position, stream, version, type } of events) say(`  ${position}  ${stream} v${version}  ${type}`);
  return events
    .filter(({ type }) => type !== "OrderLineReserved")
    .map(({ stream, type }) => `${stream} ${type}`)
    .toSorted();
}

/** Asks the view for the state as of now, however far it is. */
async function checkStock(sku: string, expected: { available: number; reserved: number }): Promise<void> {
  check(`the stock of ${sku}`, await call(200, `/views/stock/${sku}?consistency=strong`), { sku, ...expected });
}

/** Makes a call, prints it and its answer, and checks the status. */
async function call<Body>(status: number, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Body> {
  const shown = Object.entries(headers).map(([name, value]) => ` [${name}: ${value}]`);
  say(`${body === undefined ? "GET" : "POST"} ${path}${shown.join("")}${body === undefined ? "" : ` ${JSON.stringify(body)}`}`);
  const answer = await client.call<Body>(path, body, headers);
  say(`  ${answer.status} ${JSON.stringify(answer.body)}`);
  check(`the status of ${path}`, answer.status, status);
  return answer.body;
}

function chapter(title: string): void {
  console.log(`\n${title}.`);
}

function say(line: string): void {
  console.log(`  ${line}`);
}

function check(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`${what} should be ${JSON.stringify(expected)}, but is ${JSON.stringify(actual)}`);
  }
}
