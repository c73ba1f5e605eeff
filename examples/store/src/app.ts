import { defineApp } from "headspring";

/** Nothing is declared in code: streams, processors, views and webhooks are declared over HTTP, see store.sh. */
export const app = defineApp({});
