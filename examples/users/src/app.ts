import { defineApp } from "headspring";
import { account } from "./account.ts";
import { signUp } from "./sign-up.ts";
import { user } from "./user.ts";
import { users } from "./users.ts";

/** The list of the app's parts. What is not in it does not exist for the store. */
export const app = defineApp({ aggregates: [user, account], views: [users], processors: [signUp] });
