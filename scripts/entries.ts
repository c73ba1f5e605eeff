/** Which file of `src` each entry of the package is that runs in Node or workerd: what loads the sources in place of the last build goes by it. */
export const ENTRIES: Readonly<Record<string, string>> = {
  headspring: "index.ts",
  "headspring/runtime": "runtime.ts",
  "headspring/testing": "testing/index.ts",
  "headspring/testing/store": "testing/store.ts",
  "headspring/client": "client/index.ts",
  "headspring/postgres": "sources/postgres/index.ts",
  "headspring/nats": "sources/nats/index.ts",
  "headspring/mqtt": "sources/mqtt/index.ts",
};
