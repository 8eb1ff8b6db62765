import { assertEquals } from "../../tests/helpers/assert.ts";
import type { EngineClient } from "./client.ts";
import { WebhookReceiver } from "./receiver.ts";

Deno.test("WebhookReceiver.findEndpoint() tells each of several deliveries its own: blocked, a token, or none", async () => {
  const asked: unknown[] = [];
  const answers = [
    { id: "e", rate: "first" },
    { id: "e", rate: "token", taken: 1, refused: "no token", blocked: [true, false, true, false] },
  ];
  const client = {
    getWebhookEndpoint: (_slug: string, _test: boolean, _count: number, ips: unknown) => {
      asked.push(ips);
      return Promise.resolve(answers.shift());
    },
  };
  const receiver = new WebhookReceiver(client as unknown as EngineClient);
  const find = (...ips: (string | null)[]) => Promise.all(ips.map((ip) => receiver.findEndpoint("s", false, ip)));
  // The first call goes alone, what comes meanwhile goes together.
  const [first, ...together] = await find("1", "2", "3", "2", null);
  assertEquals<unknown>(first, { id: "e", rate: "first" });
  assertEquals<unknown>(together, [
    { blocked: true },
    { id: "e", rate: "token" },
    { blocked: true },
    { id: "e", rate: "no token" },
  ]);
  assertEquals(asked, [["1"], ["2", "3", "2", null]]);
});
