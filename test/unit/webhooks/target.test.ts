import { describe, expect, it } from "vitest";
import { targetProblem } from "../../../src/webhooks/target.ts";

const PRIVATE = "a webhook's URL does not point into a private network";

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

describe("a webhook may not point into a private network, however it is spelt:", () => {
  it.each([
    // names
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://localhost../",
    "https://localhost%2e/",
    "https://l%6fcalhost/",
    "https://ⓛocalhost/",
    "https://foo.localhost/",
    "https://foo.localhost./",
    "https://printer/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://router.home.arpa/",
    // IPv4: dotted, decimal, octal, hexadecimal, short, full width, with a dot behind
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.0.0.1../",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f000001/",
    "https://0x7F.1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://%31%32%37.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://0.255.255.255/",
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://100.64.0.0/",
    "https://100.127.255.255/",
    "https://169.254.169.254/",
    "https://2852039166/", // 169.254.169.254
    "https://0xa9fea9fe/",
    "https://0251.0376.0251.0376/",
    "https://172.16.0.0/",
    "https://172.31.255.255/",
    "https://192.0.0.1/",
    "https://192.0.2.1/",
    "https://192.168.1.1/",
    "https://192.168.257/", // 192.168.1.1
    "https://198.18.0.1/",
    "https://198.19.255.255/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    // IPv6: loopback, unspecified, local, multicast, documentation
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[fdff:ffff::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[100::1]/",
    // … and what wraps an IPv4 address: mapped, compatible, translated, NAT64, 6to4, Teredo
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:FFFF:10.0.0.1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[64:ff9b:1::10.0.0.1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a00:1::1]/",
    "https://[2002:a9fe:a9fe::]/",
    "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    // the parser forgives much
    "https:\\\\localhost\\hook",
    "https:localhost/hook",
    "https:///127.0.0.1/",
    "  https://127.0.0.1/  ",
    "https://loc\nalhost/",
  ])("%j", (url) => expect(targetProblem(url, false)).toBe(PRIVATE));

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
  ])("what is no URL: %j", (url) => {
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
  ])("another scheme than https: %s", (url) => expect(targetProblem(url, false)).toBe("a webhook's URL begins with https://"));

  it.each(["ftp://localhost/", "file:///etc/passwd", "data:text/plain,x", "wss://localhost/"])(
    "another scheme than http and https, even where private addresses are allowed: %s",
    (url) => expect(targetProblem(url, true)).toBe("a webhook's URL begins with https://"),
  );

  it.each([
    "https://user:password@example.com/",
    "https://user@example.com/",
    "https://:password@example.com/",
    "https://example.com@localhost/",
  ])("where credentials are needed: %s", (url) => {
    expect(targetProblem(url, false)).toBe("a webhook's URL carries no credentials");
    expect(targetProblem(url, true)).toBe("a webhook's URL carries no credentials");
  });
});
