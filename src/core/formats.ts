/**
 * The formats of JSON Schema: those of the interpreter, and stricter ones where its own take what is none. The table is the
 * interpreter's own object, so that its checks use the same.
 */

import { format as formats } from "@cfworker/json-schema";

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
/** Without leading zeros, which some readers take for octal. */
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
/** RFC 3339 has a `T` between date and time, and no white space. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT/i;
/** An e-mail address at an IPv4 address. */
const AT_IPV4 = /@\[([^\]:]*)\]$/;

const { "date-time": dateTime, uri, "uri-reference": uriReference, email } = formats;

Object.assign(formats, {
  ipv4: (text: string) => IPV4.test(text),
  "date-time": (text: string) => DATE_TIME.test(text) && isOf(dateTime, text),
  // RFC 3986 knows no double quotes; the interpreter takes them in paths and queries.
  uri: (text: string) => !text.includes('"') && isOf(uri, text),
  "uri-reference": (text: string) => !text.includes('"') && isOf(uriReference, text),
  email: (text: string) => isOf(email, text) && IPV4.test(AT_IPV4.exec(text)?.[1] ?? "0.0.0.0"),
});

function isOf(format: ((text: string) => boolean) | undefined, text: string): boolean {
  return format?.(text) ?? false;
}

export { formats };
