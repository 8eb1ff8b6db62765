/**
 * Webhooks of GitHub. https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 *
 * @module
 */
import { z } from "zod";
import type { Json } from "../graph/mod.ts";
import { type BodySignature, checkBodySignature } from "./body_signature.ts";
import { fromHex, fromText, toHex } from "./encoding.ts";
import { signHmac } from "./hmac.ts";
import { asEventKey, asEventType, readBody, textAt } from "./read_body.ts";
import type {
  OutgoingDelivery,
  SampleEvent,
  SampleOptions,
  SignedDelivery,
  WebhookAdapter,
  WebhookDelivery,
  WebhookVerdict,
} from "./types.ts";

const PREFIX = "sha256=";

/** The older X-Hub-Signature, with SHA-1, is never looked at. */
const SIGNATURE: BodySignature = {
  header: "X-Hub-Signature-256",
  prefix: PREFIX,
  // Lower case only, as GitHub writes it: one signature has one spelling.
  decode: (text) => text === text.toLowerCase() ? fromHex(text) : null,
  form: "sha256= and 64 hex digits",
};

/** Adapter for GitHub. */
export const github: WebhookAdapter = {
  provider: "github",
  title: "GitHub",
  description:
    "Events of a repository, an organization or an app. Paste the secret that we make into the webhook's settings.",
  secretFrom: "us",
  configSchema: z.strictObject({}),
  // Neither time nor delivery id is signed, so a recorded delivery stays valid for ever: the same body is the same event.
  dedupeByBody: true,
  verify,
  read: toVerdict,
  sampleEvent,
  sign,
};

async function verify(delivery: SignedDelivery): Promise<WebhookVerdict> {
  return await checkBodySignature(delivery, SIGNATURE) ?? toVerdict(delivery);
}

function toVerdict(delivery: WebhookDelivery): WebhookVerdict {
  const read = readBody(delivery, "auto");
  if (!read.ok) return read;
  // Webhooks of the content type form carry the JSON in a field.
  const payload = isForm(delivery.headers) ? textAt(read.body, ["payload"]) : null;
  const inner = payload === null ? read : readBody({ ...delivery, rawBody: fromText(payload) }, "json");
  if (!inner.ok) return inner;
  return {
    ok: true,
    event: {
      eventKey: asEventKey(delivery.headers.get("x-github-delivery")),
      type: asEventType(delivery.headers.get("x-github-event")),
      body: inner.body,
      timestampSeconds: null,
      dedupeByBody: true,
    },
  };
}

function isForm(headers: Headers): boolean {
  return (headers.get("content-type") ?? "").toLowerCase().startsWith("application/x-www-form-urlencoded");
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#push */
function push(now: Date): Json {
  const sha = () => `${crypto.randomUUID().replaceAll("-", "")}00000000`;
  const [before, after] = [sha(), sha()];
  const author = { name: "Ada Lovelace", email: "ada@example.com", username: "ada" };
  return {
    ref: "refs/heads/main",
    before,
    after,
    created: false,
    deleted: false,
    forced: false,
    compare: `https://github.com/ada/engine/compare/${before}...${after}`,
    commits: [{
      id: after,
      message: "Test of a webhook",
      timestamp: now.toISOString(),
      author,
      committer: author,
      added: [],
      removed: [],
      modified: ["README.md"],
    }],
    repository: {
      id: 1,
      name: "engine",
      full_name: "ada/engine",
      private: false,
      html_url: "https://github.com/ada/engine",
      default_branch: "main",
      owner: { login: "ada", id: 1, type: "User" },
    },
    pusher: { name: "ada", email: "ada@example.com" },
    sender: { login: "ada", id: 1, type: "User" },
  };
}

function sampleEvent({ now, body, eventType }: SampleOptions): SampleEvent {
  return {
    text: JSON.stringify(body === undefined ? push(now) : body),
    headers: {
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/test",
      "x-github-event": eventType ?? "push",
      "x-github-delivery": crypto.randomUUID(),
    },
  };
}

async function sign({ rawBody, secret }: OutgoingDelivery): Promise<Record<string, string>> {
  if (secret === "") return {};
  return { "x-hub-signature-256": PREFIX + toHex(await signHmac("SHA-256", fromText(secret), [rawBody])) };
}
