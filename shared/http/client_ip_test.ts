import { assertEquals } from "../../tests/helpers/assert.ts";
import { clientIp } from "./client_ip.ts";

function ip(forwarded: string | null, hops = 1): string | null {
  return clientIp(new Headers(forwarded === null ? {} : { "x-forwarded-for": forwarded }), hops);
}

Deno.test("clientIp() takes the entry that the outermost trusted proxy wrote", () => {
  assertEquals(ip("203.0.113.7"), "203.0.113.7");
  assertEquals(ip("203.0.113.7, 10.0.0.1", 2), "203.0.113.7");
  assertEquals(ip("203.0.113.7,10.0.0.1, 10.0.0.2", 3), "203.0.113.7");
});

Deno.test("clientIp() never takes what a client wrote itself", () => {
  for (const spoofed of ["1.2.3.4", "1.2.3.4, 5.6.7.8", "::1", ",,,,", "x".repeat(5_000), "127.0.0.1, localhost"]) {
    assertEquals(ip(`${spoofed}, 203.0.113.7`), "203.0.113.7", spoofed);
    assertEquals(ip(`${spoofed}, 203.0.113.7, 10.0.0.1`, 2), "203.0.113.7", spoofed);
  }
  const headers = new Headers({ "x-real-ip": "1.2.3.4", "cf-connecting-ip": "1.2.3.4", forwarded: "for=1.2.3.4" });
  headers.append("x-forwarded-for", "1.2.3.4");
  headers.append("x-forwarded-for", "203.0.113.7");
  assertEquals(clientIp(headers, 1), "203.0.113.7");
  headers.delete("x-forwarded-for");
  assertEquals(clientIp(headers, 1), null);
});

Deno.test("clientIp() knows no address where none can be trusted", () => {
  assertEquals(ip("203.0.113.7", 0), null);
  // Fewer entries than proxies: the request did not come the way that was promised.
  assertEquals(ip("203.0.113.7", 2), null);
  for (
    const nonsense of ["", "unknown", "_hidden", "300.1.1.1", "1.2.3", "1.2.3.4.5", "0x7f.1", "g::1", "'; drop table x"]
  ) {
    assertEquals(ip(nonsense), null, nonsense);
  }
  assertEquals(ip(null), null);
});

Deno.test("clientIp() writes an address one way", () => {
  assertEquals(ip("203.0.113.7:4711"), "203.0.113.7");
  assertEquals(ip("[2001:DB8::1]:443"), "2001:db8::1");
  assertEquals(ip("2001:DB8::1"), "2001:db8::1");
  assertEquals(ip("::ffff:203.0.113.7"), "203.0.113.7");
  assertEquals(ip("fe80::1%eth0"), "fe80::1");
});
