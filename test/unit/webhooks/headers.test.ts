import { describe, expect, it } from "vitest";
import { WEBHOOK_HEADERS, WEBHOOK_HEADER_CHARACTERS } from "../../../src/definitions/limits.ts";
import { headersProblem } from "../../../src/definitions/webhooks/headers.ts";

describe("headers that a webhook adds", () => {
  it.each([[{ authorization: "Bearer abc.def" }], [{ "X-Tenant": "eu 1", "x-tab": "a\tb" }], [{ x_y: "1", "x-empty-ish": "-" }], [{}]])(
    "may be %j",
    (headers) => expect(headersProblem(headers)).toBeUndefined(),
  );

  it.each([
    ["webhook-id", "1"],
    ["Webhook-Signature", "v1,forged"],
    ["webhook-timestamp", "1"],
    ["content-type", "text/plain"],
    ["Content-Length", "0"],
    ["content-encoding", "gzip"],
    ["host", "internal"],
    ["HOST", "internal"],
    ["connection", "upgrade"],
    ["keep-alive", "1"],
    ["transfer-encoding", "chunked"],
    ["te", "trailers"],
    ["trailer", "x"],
    ["upgrade", "websocket"],
    ["expect", "100-continue"],
    ["proxy-authorization", "Basic x"],
    ["forwarded", "for=127.0.0.1"],
    ["x-forwarded-for", "127.0.0.1"],
    ["x-real-ip", "127.0.0.1"],
    ["cf-connecting-ip", "127.0.0.1"],
    ["user-agent", "curl"],
  ])("may not be one of the store's own: %s", (name, value) =>
    expect(headersProblem({ [name]: value })).toBe(`the header ${name.toLowerCase()} is set by the store; choose another name`),
  );

  it.each(["", "a b", "a:b", "a\r\nb", "ä", "x".repeat(101), "(x)"])("may not have the name %j", (name) =>
    expect(headersProblem({ [name]: "1" })).toBe("a header's name must consist of letters, digits and hyphens"),
  );

  it.each(["a\r\nwebhook-id: 1", "a\nb", "a\rb", "a\0b", "", " a", "a ", "ä", "\u007f", "\u2028"])("may not have the value %j", (value) => {
    const problem = headersProblem({ "x-key": value });
    expect(problem).toBe("the value of x-key must be visible ASCII, without line breaks and without spaces around it");
  });

  it("may not occur twice, whatever the case", () =>
    expect(headersProblem({ "X-A": "1", "x-a": "2" })).toBe("the header x-a is given twice"));

  it("may not be too many or too long", () => {
    const many = Object.fromEntries(Array.from({ length: WEBHOOK_HEADERS + 1 }, (_, index) => [`x-${index}`, "1"]));
    expect(headersProblem(many)).toBe(`at most ${WEBHOOK_HEADERS} headers`);
    expect(headersProblem({ x: "1".repeat(WEBHOOK_HEADER_CHARACTERS) })).toBe(`at most ${WEBHOOK_HEADER_CHARACTERS} characters of headers`);
  });
});
