/** Which browser tests use. */

import { existsSync } from "node:fs";

/** Debian's package `chromium`; CHROMIUM names another one. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** A machine without a browser runs the other tests. CI has one. */
export const IS_SKIPPED = !existsSync(CHROMIUM) && process.env.CI === undefined;
