import type { Json } from "../../graph/mod.ts";
import type { HttpResponse } from "../../providers/mod.ts";
import { isObject } from "../json_values.ts";
import type { NodeContext, SpendUnits } from "../types.ts";
import type { HttpConfig } from "./schemas.ts";

/**
 * Makes a request, counted and within the budgets of the organization where the config names a model.
 *
 * @param send Makes the request.
 * @throws {NodeError} `budget_spent`, `price_missing`; what `send` throws.
 */
export async function metered(
  { meter }: Pick<HttpConfig, "meter">,
  { spend }: Pick<NodeContext, "spend">,
  send: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  if (meter === undefined || spend === undefined) return await send();
  const most: SpendUnits = { call: 1, input_token: meter.maxInputTokens, output_token: meter.maxOutputTokens };
  return await spend.call({ model: meter.model, units: most }, async () => {
    const value = await send();
    // Nobody charges for what failed. Where an answer does not say what it used, it is what was reserved.
    return { value, units: value.status >= 400 ? null : readUsage(value) ?? most };
  });
}

/**
 * What an answer of a model says that it used: as OpenAI (both of its APIs), Anthropic and Google write it, and whoever
 * writes it like one of them.
 *
 * @returns Null = it does not say.
 */
export function readUsage({ body }: Pick<HttpResponse, "body">): SpendUnits | null {
  let answer: Json;
  try {
    answer = JSON.parse(new TextDecoder().decode(body)) as Json;
  } catch {
    return null;
  }
  const usage = isObject(answer) ? answer["usage"] ?? answer["usageMetadata"] : undefined;
  if (!isObject(usage)) return null;
  const input = first(usage, "input_tokens", "prompt_tokens", "promptTokenCount");
  const output = first(usage, "output_tokens", "completion_tokens", "candidatesTokenCount");
  if (input === undefined && output === undefined) return null;
  const details = usage["input_tokens_details"] ?? usage["prompt_tokens_details"];
  // Of these the input is told with what came from the cache; Anthropic tells it without.
  const within = (isObject(details) ? first(details, "cached_tokens") : undefined) ??
    first(usage, "cachedContentTokenCount") ?? 0;
  const beside = first(usage, "cache_read_input_tokens") ?? 0;
  return {
    call: 1,
    input_token: Math.max(0, (input ?? 0) - within) + (first(usage, "cache_creation_input_tokens") ?? 0),
    cached_token: within + beside,
    // What Google's models think is told, and charged, besides what they write.
    output_token: (output ?? 0) + (first(usage, "thoughtsTokenCount") ?? 0),
  };
}

function first(object: { readonly [key: string]: Json }, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = object[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  }
  return undefined;
}
