import { defineApp } from "headspring";
import { account } from "./account.ts";
import { transfer } from "./transfer.ts";
import { balances, transfers } from "./views.ts";

/** The list of the app's parts. */
export const app = defineApp({ aggregates: [account], processors: [transfer], views: [balances, transfers] });
