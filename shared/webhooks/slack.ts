/**
 * Requests of Slack: events, slash commands and interactions.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 *
 * @module
 */
import { z } from "zod";
import type { Json } from "../graph/mod.ts";
import { fromHex, fromText, toHex } from "./encoding.ts";
import { signHmac, verifyHmac } from "./hmac.ts";
import { asEventKey, asEventType, putAt, readBody, textAt } from "./read_body.ts";
import { refuse, refuseMismatch, refuseMissing, refuseStale } from "./refuse.ts";
import type {
  OutgoingDelivery,
  SampleEvent,
  SampleOptions,
  SignedDelivery,
  WebhookAdapter,
  WebhookDelivery,
  WebhookVerdict,
} from "./types.ts";

const PREFIX = "v0=";
const HEADER = "X-Slack-Signature";
const TIME_HEADER = "X-Slack-Request-Timestamp";

/** Seconds that a signature may lie in the past or, for clocks that differ, in the future: what Slack advises. */
const TOLERANCE_SECONDS = 300;

/** Adapter for Slack. */
export const slack: WebhookAdapter = {
  provider: "slack",
  title: "Slack",
  description:
    "Events, slash commands and interactions of a Slack app. Slack shows the signing secret under Basic Information.",
  secretFrom: "provider",
  configSchema: z.strictObject({}),
  dedupeByBody: false,
  verify,
  read: (delivery) => toVerdict(delivery, null),
  sampleEvent,
  sign,
};

async function verify(delivery: SignedDelivery): Promise<WebhookVerdict> {
  const secrets = delivery.secrets.filter((secret) => secret !== "");
  if (secrets.length === 0) return refuse("no_secret");
  const field = delivery.headers.get(HEADER);
  if (field === null || field === "") return refuseMissing(HEADER);
  if (!/^v0=[0-9a-f]{64}$/.test(field)) {
    return refuse("malformed_signature", `${HEADER} must hold v0= and 64 hex digits`);
  }
  const time = delivery.headers.get(TIME_HEADER) ?? "";
  if (!/^\d{1,12}$/.test(time)) return refuse("missing_timestamp", `the header ${TIME_HEADER} must hold seconds`);
  const genuine = await verifyHmac({
    hash: "SHA-256",
    keys: secrets.map(fromText),
    signatures: [fromHex(field.slice(PREFIX.length)) ?? new Uint8Array()],
    content: [fromText(`v0:${time}:`), delivery.rawBody],
  });
  if (!genuine) return refuseMismatch(delivery.rawBody);
  const seconds = Number(time);
  return refuseStale(seconds, delivery.now, TOLERANCE_SECONDS) ?? toVerdict(delivery, seconds);
}

function toVerdict(delivery: WebhookDelivery, timestampSeconds: number | null): WebhookVerdict {
  const read = readBody(delivery, "auto");
  if (!read.ok) return read;
  // Interactions are a form whose field payload holds the JSON; slash commands are the form itself.
  const payload = isForm(delivery.headers) ? textAt(read.body, ["payload"]) : null;
  const inner = payload === null ? read : readBody({ ...delivery, rawBody: fromText(payload) }, "json");
  if (!inner.ok) return inner;
  const { body } = inner;
  const type = textAt(body, ["type"]);
  const challenge = textAt(body, ["challenge"]);
  const eventKey = asEventKey(textAt(body, ["event_id"]) ?? textAt(body, ["trigger_id"]));
  return {
    ok: true,
    // Slack asks so whether the address is ours. Only a signed question is answered: we echo nobody else's text.
    ...(timestampSeconds !== null && type === "url_verification" && challenge !== null && { answer: challenge }),
    event: {
      eventKey,
      type: asEventType(textAt(body, ["event", "type"]) ?? textAt(body, ["command"]) ?? type),
      body,
      timestampSeconds,
      dedupeByBody: timestampSeconds === null || eventKey === null,
    },
  };
}

function isForm(headers: Headers): boolean {
  return (headers.get("content-type") ?? "").toLowerCase().startsWith("application/x-www-form-urlencoded");
}

/** https://docs.slack.dev/apis/events-api/#callback-field */
function mention(now: Date): Json {
  const seconds = Math.floor(now.getTime() / 1000);
  const id = crypto.randomUUID().replaceAll("-", "");
  return {
    type: "event_callback",
    token: "deprecated",
    team_id: "T00000000",
    api_app_id: "A00000000",
    event_id: `EvTEST${id}`,
    event_time: seconds,
    event_context: `test-${id}`,
    authorizations: [{ enterprise_id: null, team_id: "T00000000", user_id: "U00000000", is_bot: true }],
    event: {
      type: "app_mention",
      user: "U00000001",
      text: "<@U00000000> Hello",
      channel: "C00000000",
      ts: `${seconds}.000100`,
      event_ts: `${seconds}.000100`,
    },
  };
}

function sampleEvent({ now, body, eventType }: SampleOptions): SampleEvent {
  const event = body === undefined ? mention(now) : body;
  return {
    text: JSON.stringify(eventType === undefined ? event : putAt(event, ["event", "type"], eventType)),
    headers: { "content-type": "application/json", "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)" },
  };
}

async function sign({ rawBody, secret, now }: OutgoingDelivery): Promise<Record<string, string>> {
  if (secret === "") return {};
  const time = String(Math.floor(now.getTime() / 1000));
  const signature = toHex(await signHmac("SHA-256", fromText(secret), [fromText(`v0:${time}:`), rawBody]));
  return { "x-slack-request-timestamp": time, "x-slack-signature": PREFIX + signature };
}
