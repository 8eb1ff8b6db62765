import { z } from "zod";
import type { Env } from "../../shared/env/mod.ts";
import { internal, serviceUnavailable, timedOut } from "../../shared/errors/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { getWebhookAdapter, type WebhookAdapter } from "../../shared/webhooks/mod.ts";
import type { NewTest, WebhookSender, WebhookTest } from "./schemas.ts";

/** How long the receiver may take, milliseconds. */
const TIMEOUT_MS = 10_000;

/** What stands in the answer for a signature. */
const LEFT_OUT = "(left out)";

/** A receipt or a problem document of the function `hooks`. */
const answerSchema = z.object({
  event_id: z.uuid().optional(),
  run_id: z.uuid().nullish(),
  held_because: z.enum(["flow_inactive", "flow_deleted"]).nullish(),
  unsigned: z.literal(true).optional(),
  code: z.string().optional(),
  detail: z.string().optional(),
  challenge: z.string().optional(),
}).refine(({ event_id, code, challenge }) => (event_id ?? code ?? challenge) !== undefined);

/** What {@linkcode sendTestEvent} needs. */
export interface TestEventOptions {
  readonly env: Env;
  readonly sender: WebhookSender;
  /** The test address as the outside sees it. */
  readonly shownUrl: string;
  readonly test: NewTest;
}

/**
 * Makes an event, signs it as its provider would and posts it to the test address of the endpoint.
 *
 * @throws {AppError} `service_unavailable` when no receiver of ours answers, `timeout` when it takes too long.
 */
export async function sendTestEvent({ env, sender, shownUrl, test }: TestEventOptions): Promise<WebhookTest> {
  const { text, headers, signature } = await makeRequest(sender, test);
  // Not the public address, which a function need not reach.
  const url = `${env.supabaseUrl}/functions/v1/hooks/${sender.slug}/test`;
  const start = performance.now();
  const { status, answer } = await post(url, text, { ...headers, ...signature });
  const { event_id = null, run_id = null, held_because = null, unsigned, code = null, detail = null, challenge } =
    answer;
  return {
    status,
    verdict: event_id === null && challenge === undefined ? "rejected" : unsigned ? "unsigned" : "verified",
    event_id,
    run_id,
    held_because,
    code,
    detail,
    request: {
      method: "POST",
      url: shownUrl,
      headers: { ...headers, ...withoutSignature(signature, sender) },
      body: text,
    },
    duration_ms: Math.round(performance.now() - start),
  };
}

interface TestRequest {
  text: string;
  headers: Record<string, string>;
  /** What signing added; the names are in lower case. */
  signature: Record<string, string>;
}

async function makeRequest(sender: WebhookSender, test: NewTest): Promise<TestRequest> {
  const adapter = adapterOf(sender);
  const { config, secret } = sender;
  const now = new Date();
  const sample = adapter.sampleEvent({
    config,
    now,
    ...(test.body !== undefined && { body: test.body as Json }),
    ...(test.event_type !== undefined && { eventType: test.event_type }),
  });
  // Given ones win over the sample's, whatever their case.
  const fields = new Headers({ "user-agent": "millrace-test", ...sample.headers });
  for (const [name, value] of Object.entries(test.headers ?? {})) fields.set(name, value);
  const rawBody = new TextEncoder().encode(sample.text);
  const signature = !sender.signature_required || secret === null
    ? {}
    : await adapter.sign({ rawBody, headers: fields, config, secret, now });
  // What signing adds replaces what was given: nothing that is sent was signed otherwise.
  for (const name of Object.keys(signature)) fields.delete(name);
  return { text: sample.text, headers: Object.fromEntries(fields), signature };
}

function adapterOf({ provider }: WebhookSender): WebhookAdapter {
  const adapter = getWebhookAdapter(provider);
  if (adapter === undefined) throw internal(`No adapter for ${provider}`);
  return adapter;
}

/** Id and time that were signed may be read, the signature not. */
function withoutSignature(signature: Record<string, string>, { config }: WebhookSender): Record<string, string> {
  const time = String(config.timestamp_header ?? "").toLowerCase();
  const isShown = (name: string) => name === time || /^(?:webhook|svix|x-slack-request)-(?:id|timestamp)$/.test(name);
  return Object.fromEntries(
    Object.entries(signature).map(([name, value]) => [name, isShown(name) ? value : LEFT_OUT]),
  );
}

async function post(
  url: string,
  body: string,
  headers: Record<string, string>,
): Promise<{ status: number; answer: z.output<typeof answerSchema> }> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
    const answer = answerSchema.safeParse(JSON.parse(await response.text()));
    // A gateway without our function, or a receiver without its database: neither has judged the event.
    const isOurs = answer.success && (response.ok || /problem\+json/.test(response.headers.get("content-type") ?? ""));
    if (response.status >= 500 || !isOurs) {
      throw serviceUnavailable(`The receiver of webhooks answered ${response.status}`);
    }
    return { status: response.status, answer: answer.data };
  } catch (error) {
    if (signal.aborted) throw timedOut("The receiver of webhooks did not answer", error);
    throw serviceUnavailable("The receiver of webhooks cannot be reached", error);
  }
}
