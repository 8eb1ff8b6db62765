import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { toBase64, toHex } from "../bytes/mod.ts";
import { SHAPES } from "../../tests/helpers/secret_shapes.ts";
import { redactionFor } from "./mod.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The characters of a Base64 text that say something of the middle, whatever is around it. */
function spellings(value: string): string[] {
  const bytes = utf8(value);
  const around = ["", "x", "xy", "xyz"].map((before) => toBase64(utf8(`${before}${value}tail`)));
  return [
    value,
    JSON.stringify({ value }),
    JSON.stringify(JSON.stringify({ value })),
    `before ${value} after`,
    encodeURIComponent(value),
    encodeURIComponent(value).toLowerCase().includes("%")
      ? encodeURIComponent(value).replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())
      : value,
    new URLSearchParams({ value }).toString(),
    toHex(bytes),
    toHex(bytes).toUpperCase(),
    ...around,
    ...around.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

Deno.test("a redactor takes 20 shapes of secrets out of every spelling", () => {
  for (const [shape, value] of Object.entries(SHAPES)) {
    const redactor = redactionFor([value]);
    for (const text of spellings(value)) {
      const clean = redactor.text(text);
      assert(clean.includes("[redacted]"), `${shape}: nothing taken out of ${text}`);
      assert(!clean.includes(value), shape);
      assertEquals(redactor.text(clean), clean, shape);
    }
    const [encoded] = [toBase64(utf8(`user:${value}`))];
    assert(redactor.text(encoded!).includes("[redacted]"), `${shape} in basic authentication`);
  }
});

Deno.test("a redactor leaves all else alone, the same objects included", () => {
  const redactor = redactionFor(Object.values(SHAPES));
  const value = { id: 7, text: "An order of 12 lines", list: [1, null, true], nested: { "a b": "ü" } };
  assertEquals(redactor.value(value), value);
  const none = redactionFor([]);
  assert(none.value(value) === value);
  assertEquals(redactionFor(["abc"]).text("abc"), "abc");
});

Deno.test("a redactor leaves nothing of values that overlap or hold each other", () => {
  const redactor = redactionFor(["abcdef", "defghi", "abcd", "efgh"]);
  assertEquals(redactor.text("x abcdefghi y"), "x [redacted] y");
  assertEquals(redactor.text("abcdabcdef abcd-efgh"), "[redacted] [redacted]-[redacted]");
  assertEquals(redactionFor(["aaaa"]).text("aaaaaaaaab"), "[redacted]b");
});

Deno.test("a redactor finds values in keys, numbers, nested lists and errors", () => {
  const redactor = redactionFor(["hunter22", "12345678"]);
  assertEquals(redactor.value<unknown>({ "x-hunter22": [12345678, 99123456781, 5, { a: "hunter22" }] }), {
    "x-[redacted]": ["[redacted]", "[redacted]", 5, { a: "[redacted]" }],
  });
  const error = new Error("failed with hunter22", { cause: new TypeError("deep hunter22") });
  const clean = redactor.value(error);
  assert(clean instanceof Error);
  assert(!Deno.inspect(clean).includes("hunter22"));
  assertEquals((clean.cause as Error).name, "TypeError");
  const proto = redactor.value(JSON.parse('{"__proto__": {"a": "hunter22"}}'));
  assertEquals(JSON.stringify(proto), '{"__proto__":{"a":"[redacted]"}}');
});

Deno.test("a redactor knows the parts of a value that are secret by themselves", () => {
  const redactor = redactionFor([SHAPES.json!, SHAPES.url!, SHAPES.pem!]);
  for (const part of ["correct horse battery", "p%40ss/w0rd".replace("/", "%2F"), "p@ss/w0rd"]) {
    assertEquals(redactor.text(`got ${part}.`), "got [redacted].", part);
  }
  const line = SHAPES.pem!.split("\n")[1]!;
  assertEquals(redactor.text(line), "[redacted]");
  assertEquals(redactor.text(SHAPES.pem!.replaceAll("\n", "")), "[redacted]");
});

Deno.test("a redactor learns values as they are derived", () => {
  const redactor = redactionFor(["abcdefgh12345678"]);
  redactor.add({ half: "abcdefgh", list: ["zzzzzzzz"], n: 4711471 });
  assertEquals(redactor.text("abcdefgh zzzzzzzz 4711471"), "[redacted] [redacted] [redacted]");
});
