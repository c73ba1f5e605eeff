import { describe, expect, it } from "vitest";
import { PRIVATE_URLS } from "./private-urls.ts";
import { targetProblem } from "../../../src/definitions/webhooks/target.ts";

const PRIVATE = "a webhook's URL must not point into a private network";

describe("a webhook may point to the public internet", () => {
  it.each([
    "https://example.com/hook",
    "https://EXAMPLE.com:8443/hook?a=b#c",
    "https://example.com./hook",
    "https://bücher.example.com/",
    "https://local.example.com/",
    "https://internal.example.com/",
    "https://localhost.example.com/",
    "https://notlocalhost.com/",
    "https://10.example.com/",
    "https://1.1.1.1/",
    "https://0x01010101/",
    "https://9.255.255.255/",
    "https://11.0.0.0/",
    "https://100.63.255.255/",
    "https://100.128.0.0/",
    "https://172.15.255.255/",
    "https://172.32.0.0/",
    "https://192.167.255.255/",
    "https://192.169.0.0/",
    "https://223.255.255.255/",
    "https://[2606:4700:4700::1111]/",
    "https://[2001:4860:4860::8888]/",
    "https://[2002:101:101::1]/", // 6to4 of 1.1.1.1
    "https://[2a00:1450:4001:813:0:0:0:200e]/",
  ])("such as %s", (url) => expect(targetProblem(url, false)).toBeUndefined());
});

describe("a webhook's URL must be what it looks like:", () => {
  it.each([
    " https://example.com/hook",
    "https://example.com/hook ",
    "https://example.com/hook\n",
    "https://exa\tmple.com/hook",
    "https://example.com/ho ok",
    "https://example.com/hook\u0000",
    "\u0001https://example.com/",
    "https://example.com/\u00a0",
    "https://exam\u00adple.com/",
    "https://example.com/\u200b",
    "https://example.com/\u2028",
    "https:\\\\example.com\\hook",
    "https://example.com/\ud800",
  ])("%j is refused", (url) => expect(targetProblem(url, true)).toContain("percent-encode"));
});

describe("a webhook may not point into a private network, however it is spelt:", () => {
  it.each(PRIVATE_URLS)("%j", (url) => expect(targetProblem(url, false)).toBe(PRIVATE));

  it("unless the deployment allows it", () => {
    for (const url of ["http://localhost:8788/hook", "http://127.0.0.1/", "https://[::1]/", "https://printer/"]) {
      expect(targetProblem(url, true)).toBeUndefined();
    }
  });
});

describe("a webhook may not point to", () => {
  it.each([
    "",
    "example.com",
    "/hook",
    "https://",
    "https://exa mple.com/",
    "https://256.256.256.256/",
    "https://[::1",
    "https://[fe80::1%25eth0]/",
  ])("an invalid URL: %j", (url) => {
    expect(targetProblem(url, false)).toBe("not a URL");
    expect(targetProblem(url, true)).toBe("not a URL");
  });

  it.each([
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/plain,x",
    "ws://example.com/",
  ])("another scheme than https: %s", (url) => expect(targetProblem(url, false)).toBe("a webhook's URL must begin with https://"));

  it.each(["ftp://localhost/", "file:///etc/passwd", "data:text/plain,x", "wss://localhost/"])(
    "another scheme than http and https, even where private addresses are allowed: %s",
    (url) => expect(targetProblem(url, true)).toBe("a webhook's URL must begin with https://, or here also with http://"),
  );

  it.each([
    "https://user:password@example.com/",
    "https://user@example.com/",
    "https://:password@example.com/",
    "https://example.com@localhost/",
  ])("a URL with credentials: %s", (url) => {
    expect(targetProblem(url, false)).toBe("a webhook's URL must not contain credentials");
    expect(targetProblem(url, true)).toBe("a webhook's URL must not contain credentials");
  });
});
