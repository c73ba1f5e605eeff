/** What sources of brokers read from the deployment's variables and secrets. No message shows a value: names only. */

import * as z from "zod";
import { type SourceContext, SourceStopped } from "../definitions/sources/kind.ts";

/** The name of a variable or secret, in settings. */
export const VariableName = z.string().min(1).max(128);

/** The names that settings of a broker use. */
export function namesOf({ connection, credentials }: { readonly connection: string; readonly credentials?: string | undefined }): string[] {
  return [connection, ...(credentials === undefined ? [] : [credentials])];
}

/** @throws {SourceStopped} when there is no such variable, or it is not a string */
export function textOf(context: SourceContext, name: string): string {
  const value = context.binding(name);
  if (typeof value !== "string" || value.trim() === "") throw new SourceStopped(`${name} must be a variable or secret with text in it`);
  return value.trim();
}

/**
 * The address of a WebSocket in the variable with this name.
 *
 * @throws {SourceStopped} when it is none
 */
export function webSocketUrl(context: SourceContext, name: string): URL {
  const text = textOf(context, name);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "wss:" && url?.protocol !== "ws:")
    throw new SourceStopped(
      `${name} must be the address of a WebSocket: wss://host:port/path (a worker cannot use the broker's other ports)`,
    );
  if (url.username !== "" || url.password !== "")
    throw new SourceStopped(
      `${name} has a user or password in its address: put them in a secret of their own, and name it in \`credentials\``,
    );
  return url;
}

/**
 * A user and password, as JSON in the secret with this name.
 *
 * @throws {SourceStopped} when there are none
 */
export function userOf(text: string, name: string): { readonly user: string; readonly password: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What it is instead is a secret.
  }
  const { user, password } = (typeof value === "object" && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  if (typeof user !== "string" || typeof password !== "string")
    throw new SourceStopped(`${name} must be JSON with a user and a password: {"user":"…","password":"…"}`);
  return { user, password };
}
