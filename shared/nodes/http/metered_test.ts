import { assertEquals } from "../../../tests/helpers/assert.ts";
import type { Json } from "../../graph/mod.ts";
import type { HttpResponse } from "../../providers/mod.ts";
import type { Spend } from "../types.ts";
import { metered, readUsage } from "./metered.ts";

function answer(body: Json | string, status = 200): HttpResponse {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const bytes = new TextEncoder().encode(text);
  return { status, statusText: "", headers: {}, body: bytes, url: "https://api.example.com/", redirects: 0 };
}

const used = (input_token: number, cached_token: number, output_token: number) => ({
  call: 1,
  input_token,
  cached_token,
  output_token,
});

Deno.test("readUsage() reads what OpenAI, Anthropic and Google say, the cache apart", () => {
  const chat = { prompt_tokens: 100, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 60 } };
  assertEquals(readUsage(answer({ usage: chat })), used(40, 60, 20));
  const responses = { input_tokens: 100, output_tokens: 20, input_tokens_details: { cached_tokens: 30 } };
  assertEquals(readUsage(answer({ usage: responses })), used(70, 30, 20));
  const claude = {
    input_tokens: 10,
    output_tokens: 20,
    cache_read_input_tokens: 5,
    cache_creation_input_tokens: 3,
  };
  assertEquals(readUsage(answer({ usage: claude })), used(13, 5, 20));
  const gemini = {
    promptTokenCount: 50,
    candidatesTokenCount: 7,
    cachedContentTokenCount: 20,
    thoughtsTokenCount: 3,
  };
  assertEquals(readUsage(answer({ usageMetadata: gemini })), used(30, 20, 10));
});

Deno.test("readUsage() reads nothing out of answers that do not say, or say nonsense", () => {
  const strange = [{}, [], "no JSON", "", { usage: null }, { usage: [] }, { usage: { prompt_tokens: "100" } }];
  for (const body of [...strange, { usage: { prompt_tokens: -1 } }, { usage: { prompt_tokens: 1.5 } }]) {
    assertEquals(readUsage(answer(body)), null);
  }
});

Deno.test("metered() reserves what the config says, and counts what the answer says", async () => {
  const calls: unknown[] = [];
  const spend: Spend = {
    async call(estimate, work) {
      const { value, units } = await work();
      calls.push([estimate, units]);
      return value;
    },
  };
  const config = { meter: { model: "openai/gpt-5.1", maxInputTokens: 9, maxOutputTokens: 3 } };
  const most = { call: 1, input_token: 9, output_token: 3 };
  const usage = { prompt_tokens: 4, completion_tokens: 2 };
  for (const response of [answer({ usage }), answer({}), answer({ usage }, 429)]) {
    assertEquals(await metered(config, { spend }, () => Promise.resolve(response)), response);
  }
  assertEquals(calls, [used(4, 0, 2), most, null].map((units) => [{ model: "openai/gpt-5.1", units: most }, units]));
  // Nobody is asked by who names no model, or where nobody counts.
  await metered({}, { spend }, () => Promise.resolve(answer({})));
  await metered(config, {}, () => Promise.resolve(answer({})));
  assertEquals(calls.length, 3);
});
