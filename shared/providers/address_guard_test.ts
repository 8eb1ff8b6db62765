import { assertEquals, assertThrows } from "../../tests/helpers/assert.ts";
import { addressFault, checkAddresses, parseTarget } from "./address_guard.ts";
import { NodeError } from "./node_error.ts";

function codeOf(url: string, allow: string[] = []): string {
  try {
    parseTarget(url, allow);
    return "ok";
  } catch (error) {
    if (error instanceof NodeError && !error.retryable) return error.code;
    throw error;
  }
}

Deno.test("parseTarget() lets public http and https URLs pass", () => {
  for (
    const url of [
      "https://api.example.com/v1?x=1#y",
      "http://8.8.8.8/",
      "https://[2606:4700:4700::1111]:8443/",
      "https://bücher.example/",
      "HTTPS://API.Example.COM:443",
      "http://example.com:8080",
      "http://8.8.8.8:3000?x",
    ]
  ) {
    assertEquals(codeOf(url), "ok", url);
  }
});

Deno.test("parseTarget() fills in the scheme's port and removes the brackets of IPv6", () => {
  assertEquals(parseTarget("https://example.com").port, 443);
  assertEquals(parseTarget("http://example.com").port, 80);
  assertEquals(parseTarget("http://[2606:4700::1]:8080").hostname, "2606:4700::1");
});

Deno.test("parseTarget() refuses every spelling of an inside address", () => {
  for (
    const url of [
      "http://127.0.0.1/",
      "http://127.1/",
      "http://2130706433/",
      "http://0x7f000001/",
      "http://0x7f.0.0.1/",
      "http://0177.0.0.1/",
      "http://017700000001/",
      "http://0/",
      "http://0.0.0.0/",
      "http://127.0.0.1./",
      "http://１２７.0.0.1/",
      "http://①②⑦.⓪.⓪.①/",
      "http://127。0。0。1/",
      "http://%31%32%37.0.0.1/",
      "http://10.0.0.8/",
      "http://172.16.3.4/",
      "http://192.168.0.1/",
      "http://100.64.0.1/",
      "http://100.100.100.200/",
      "http://169.254.169.254/latest/meta-data/",
      "http://0xA9FEA9FE/",
      "http://168.63.129.16/metadata",
      "http://192.0.0.192/",
      "http://198.18.0.1/",
      "http://192.0.2.1/",
      "http://203.0.113.9/",
      "http://224.0.0.1/",
      "http://240.0.0.1/",
      "http://255.255.255.255/",
      "http://[::]/",
      "http://[::1]/",
      "http://[0:0:0:0:0:0:0:1]/",
      "http://[::ffff:127.0.0.1]/",
      "http://[::ffff:7f00:1]/",
      "http://[::ffff:8.8.8.8]/",
      "http://[::127.0.0.1]/",
      "http://[64:ff9b::7f00:1]/",
      "http://[64:ff9b:1::7f00:1]/",
      "http://[2002:7f00:1::]/",
      "http://[2001:0:7f00:1::]/",
      "http://[fe80::1]/",
      "http://[fec0::1]/",
      "http://[fc00::1]/",
      "http://[fd00:ec2::254]/",
      "http://[ff02::1]/",
      "http://[2001:db8::1]/",
      "http://[3fff::1]/",
      "http://[5f00::1]/",
      "http://[100::1]/",
      "http://localhost/",
      "http://LOCALHOST/",
      "http://localhost./",
      "http://a.localhost/",
      "http://metadata.google.internal/",
      "http://printer.local/",
      "http://intranet/",
      "http://router.home.arpa/",
      "http://example.com./",
    ]
  ) {
    assertEquals(codeOf(url), "blocked_address", url);
  }
});

Deno.test("parseTarget() refuses odd spellings of public addresses too", () => {
  for (
    const url of ["http://134744072/", "http://0x08080808/", "http://8.8.2056/", "http://８.8.8.8/", "http://8.8.8.8./"]
  ) {
    assertEquals(codeOf(url), "blocked_address", url);
  }
});

Deno.test("parseTarget() refuses other schemes and user names", () => {
  for (
    const url of [
      "file:///etc/passwd",
      "gopher://example.com:6379/_FLUSHALL",
      "data:text/plain,hello",
      "ftp://example.com/",
      "ws://example.com/",
      "javascript:alert(1)",
      "blob:https://example.com/1",
      "http://user@example.com/",
      "http://user:secret@example.com/",
      "http://example.com@127.0.0.1/",
      "http://:x@example.com/",
    ]
  ) {
    assertEquals(codeOf(url), "blocked_address", url);
  }
});

Deno.test("parseTarget() calls what is no URL a fault of the configuration", () => {
  for (
    const url of [
      "",
      "example.com",
      "//example.com/",
      "http://",
      "http://exa mple.com/",
      "http://example.com/\r\nX: 1",
      "http://127.0.0.1\\@example.com/",
      "http:\\\\127.0.0.1/",
      "\thttp://example.com",
      "http://[::1/",
      "http://256.1.1.1/",
      "http://[fe80::1%25eth0]/",
      `http://example.com/${"a".repeat(9000)}`,
    ]
  ) {
    assertEquals(codeOf(url), "node_config_invalid", url);
  }
});

Deno.test("parseTarget() refuses ports of services that are not the web", () => {
  for (const port of [0, 22, 25, 53, 110, 465, 587, 3306, 5432, 6379, 6543, 11211, 27017]) {
    assertEquals(codeOf(`http://example.com:${port}/`), "blocked_address", String(port));
  }
  for (const port of [80, 443, 3000, 8000, 8080, 8443, 9443]) {
    assertEquals(codeOf(`http://example.com:${port}/`), "ok", String(port));
  }
});

Deno.test("parseTarget() exempts exactly the host and port that the operator allowed", () => {
  const allow = ["127.0.0.1:9001", "mail.local:80", "[::1]:9001"];
  assertEquals(parseTarget("http://127.0.0.1:9001/emails", allow).exempt, true);
  assertEquals(parseTarget("http://mail.local/", allow).exempt, true);
  assertEquals(parseTarget("http://[::1]:9001/", allow).exempt, true);
  assertEquals(codeOf("http://127.0.0.1:9002/", allow), "blocked_address");
  assertEquals(codeOf("http://127.0.0.2:9001/", allow), "blocked_address");
  assertEquals(codeOf("http://u@127.0.0.1:9001/", allow), "blocked_address");
  assertEquals(codeOf("gopher://127.0.0.1:9001/", allow), "blocked_address");
});

Deno.test("addressFault() knows global unicast from the rest", () => {
  for (const good of ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"]) {
    assertEquals(addressFault(good), null, good);
  }
  for (
    const bad of ["::ffff:1.1.1.1", "2002::1", "2001::1", "4000::1", "::", "10.1.2.3", "0x7f.1", "1", "x", "2606::1%lo"]
  ) {
    assertEquals(typeof addressFault(bad), "string", bad);
  }
});

Deno.test("checkAddresses() refuses a name with one good and one bad address", () => {
  checkAddresses(["1.1.1.1", "2606:4700::1111"]);
  const error = assertThrows(() => checkAddresses(["1.1.1.1", "169.254.169.254"]), NodeError);
  assertEquals(error.code, "blocked_address");
  assertEquals(error.message.includes("169.254"), false);
});
