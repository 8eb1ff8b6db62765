import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import type { Json, JsonObject } from "../graph/mod.ts";
import { type EmailMessage, type EmailSendOptions, NodeError } from "../providers/mod.ts";
import { type LoggedLine, noProviders, testContext } from "./_test_context.ts";
import { checkNodeConfig } from "./check_config.ts";
import { communicationEmail } from "./communication_email.ts";
import { runNode } from "./run_node.ts";

const MESSAGE = { to: "ada@example.com", subject: "Hello", text: "Hi" };

async function send(config: JsonObject) {
  const sent: { message: EmailMessage; options: EmailSendOptions }[] = [];
  const lines: LoggedLine[] = [];
  const email = {
    name: "test",
    send(message: EmailMessage, options: EmailSendOptions) {
      sent.push({ message, options });
      return Promise.resolve({ id: "m-1" });
    },
  };
  const context = testContext({ providers: { ...noProviders(), email }, idempotencyKey: "key-1" }, lines);
  const { output } = await runNode(communicationEmail, config, context);
  return { output, sent, lines, context };
}

Deno.test("email hands every field over, with the step's key and signal", async () => {
  const { output, sent, context } = await send({
    ...MESSAGE,
    to: ["Ada <ada@example.com>", "b@example.com"],
    cc: "c@example.com",
    bcc: ["d@example.com"],
    replyTo: "e@example.com",
    from: "Shop <shop@example.com>",
    html: "<p>Hi</p>",
  });
  assertEquals(sent[0]?.message, {
    to: ["Ada <ada@example.com>", "b@example.com"],
    cc: ["c@example.com"],
    bcc: ["d@example.com"],
    replyTo: ["e@example.com"],
    from: "Shop <shop@example.com>",
    subject: "Hello",
    html: "<p>Hi</p>",
    text: "Hi",
  });
  assertEquals(sent[0]?.options, { idempotencyKey: "key-1", signal: context.signal });
  assertEquals(output, { id: "m-1", provider: "test", to: ["Ada <ada@example.com>", "b@example.com"] });
});

Deno.test("email leaves out what was not given", async () => {
  assertEquals((await send(MESSAGE)).sent[0]?.message, { to: ["ada@example.com"], subject: "Hello", text: "Hi" });
});

Deno.test("email logs no address and no subject", async () => {
  const { lines } = await send(MESSAGE);
  assertEquals(lines, [{
    level: "info",
    action: "node.email",
    fields: { provider: "test", messageId: "m-1", receivers: 1 },
  }]);
});

Deno.test("email refuses whatever could begin another header", async () => {
  const injected = "a@example.com\r\nBcc: all@example.com";
  for (
    const config of [
      { ...MESSAGE, to: injected },
      { ...MESSAGE, to: ["b@example.com", injected] },
      { ...MESSAGE, cc: injected },
      { ...MESSAGE, bcc: "Ada\r\n <a@example.com>" },
      { ...MESSAGE, replyTo: "a@example.com\n" },
      { ...MESSAGE, from: "Ada\nBcc: x <a@example.com>" },
      { ...MESSAGE, subject: "Hello\r\nBcc: all@example.com" },
      { ...MESSAGE, subject: "Hello\0" },
    ]
  ) {
    const error = await assertRejects(() => send(config), NodeError);
    assertEquals([error.code, error.retryable], ["node_config_invalid", false]);
  }
});

Deno.test("email tells faults of its config at their paths", () => {
  const faults = (config: Json) =>
    checkNodeConfig(communicationEmail, config as JsonObject).map((issue) => issue.path.join("."));
  assertEquals(faults(MESSAGE), []);
  assertEquals(faults({ to: "ada@example.com", subject: "Hello" }), [""]);
  assertEquals(faults({ ...MESSAGE, to: "nobody" }), ["to"]);
  assertEquals(faults({ ...MESSAGE, to: [] }), ["to"]);
  assertEquals(faults({ ...MESSAGE, to: ["a@b.example", "a, b <c@d.example>", "x@y@z"] }), ["to.1", "to.2"]);
  assertEquals(faults({ ...MESSAGE, to: Array.from({ length: 51 }, () => "a@b.example") }), ["to"]);
  assertEquals(faults({ ...MESSAGE, subject: "" }), ["subject"]);
  assertEquals(faults({ ...MESSAGE, attachments: [] }), ["attachments"]);
});
