/**
 * Every environment variable there is: what it means, how it is read and what it defaults to. docs/environment.md is
 * made from this table, and a test compares the two.
 *
 * @module
 */
import { z } from "zod";

/** A variable as people read about it. */
export interface VariableFacts {
  /** Who sets it: the platform by itself, or you. */
  readonly setBy: "platform" | "you";
  /** What happens without it: `required`, or the default in words. */
  readonly otherwise: string;
  /** What it is for, one or two sentences. */
  readonly purpose: string;
  /** A value as it could be. */
  readonly example: string;
  /** Where more is written than in docs/environment.md. */
  readonly documentation?: string;
}

/** A JSON object of name → key. */
function keySet(prefix: string) {
  return jsonText("Must be a JSON object of name → key").pipe(
    z.record(z.string(), z.string().startsWith(prefix, `Each key must begin with ${prefix}`)),
  );
}

/** Text that must be JSON. The message never repeats the text: it may be a secret. */
function jsonText(message: string) {
  return z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }
  });
}

/** A whole number within bounds. */
function wholeNumber(min: number, max: number) {
  const message = `Must be a whole number from ${min} to ${max}`;
  return z.string().regex(/^\d{1,9}$/, message).transform(Number).pipe(z.number().min(min, message).max(max, message));
}

/** Null for anything but base64 in its usual spelling. */
function decodeBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

/** An absolute http(s) URL without a slash at its end. */
const httpUrl = z.string().refine(isHttpUrl, "Must be an http or https URL").transform((url) =>
  url.replace(/\/+$/, "")
);

const smtpUrl = z.string().refine(isSmtpUrl, "Must be smtps://user:password@host:465 or smtp://…");

/** What of the looks of mails is set. */
const emailBrand = z.strictObject({
  name: z.string().min(1).max(80).regex(/^[^\p{Cc}<>]*$/u, "Must be one line").optional(),
  url: httpUrl.optional(),
  logoUrl: z.string().max(2_000).startsWith("https://", "Must be an https URL").optional(),
  color: z.string().regex(/^#[0-9a-fA-F]{6}$/, "Must be #rrggbb").optional(),
  address: z.string().max(300).optional(),
  replyTo: z.email().optional(),
});

/** What of the looks of mails is set. */
export type EmailBrand = z.output<typeof emailBrand>;

/** Secrets of a hook of Supabase Auth, one or, while it is changed, two. */
const HOOK_SECRETS = /^v1,whsec_[A-Za-z0-9+/=]{20,}(\|v1,whsec_[A-Za-z0-9+/=]{20,})?$/;

/** Signing secrets of Stripe's events, one or, while it is being changed, two. */
const STRIPE_SECRETS = /^whsec_[A-Za-z0-9_+/=]{8,}(\s*,\s*whsec_[A-Za-z0-9_+/=]{8,})*$/;

/** Another address of an outside service: in the clear on this machine only. */
const serviceUrl = httpUrl.refine(
  (url) => url.startsWith("https://") || /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$)/.test(url),
  "Must be https, or http on this machine",
);

/** A list separated by commas; white space around an item means nothing. */
const commaList = z.string().transform((text) =>
  text.split(",").map((item) => item.trim()).filter((item) => item !== "")
);

/** `{"<key id>": "<base64 of 32 bytes>", …}`; `current` names one of them, else the first is. */
const masterKeys = jsonText("Must be a JSON object of key id → base64 of 32 bytes").pipe(
  z.record(z.string(), z.string(), { error: "Must be a JSON object of key id → base64 of 32 bytes" }),
).transform((entries, context) => {
  const { current, ...encoded } = entries;
  const keys: Record<string, Uint8Array> = {};
  const refuse = (message: string) => context.addIssue({ code: "custom", message });
  for (const [id, text] of Object.entries(encoded)) {
    // Names that are numbers would change their order.
    if (!/^[a-z][a-z0-9_-]{0,31}$/.test(id)) {
      refuse("Each key id must begin with a small letter and have at most 32 letters, digits, - and _");
      continue;
    }
    const key = decodeBase64(text);
    if (key?.length === 32) keys[id] = key;
    else refuse(`The key ${id} must be the base64 of 32 bytes`);
  }
  const first = Object.keys(encoded)[0];
  if (first === undefined) refuse("Must hold at least one key");
  if (current !== undefined && !Object.hasOwn(encoded, current)) refuse("current must name one of the keys");
  const distinct = new Set(Object.values(keys).map((key) => key.join()));
  if (distinct.size < Object.keys(keys).length) refuse("Two keys must not be the same");
  return { current: current ?? first ?? "", keys };
});

const AUDIT_KEY = "Must be a private Ed25519 key as JWK, or a set of them";
const auditJwk = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  d: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

const jwk = z.looseObject({ kty: z.string() });

/** The reader of each variable. A variable that is empty counts as absent. */
export const VARIABLES = {
  SUPABASE_URL: httpUrl,
  SUPABASE_PUBLISHABLE_KEYS: keySet("sb_publishable_"),
  SUPABASE_SECRET_KEYS: keySet("sb_secret_").refine(
    (keys) => Object.hasOwn(keys, "default"),
    'Must hold a key named "default"',
  ),
  SUPABASE_JWKS: jsonText("Must be a JSON Web Key Set").pipe(
    z.union([z.object({ keys: z.array(jwk) }), z.array(jwk).transform((keys) => ({ keys }))], {
      error: "Must be a JSON Web Key Set",
    }),
  ),
  MILLRACE_SIGNING_KEY: jsonText("Must be a private JSON Web Key").optional(),
  TRUSTED_PROXY_HOPS: wholeNumber(0, 10).default(1),
  SUPABASE_DB_URL: z.string().regex(/^postgres(ql)?:\/\//, "Must be a postgres:// URL").optional(),
  SUPABASE_PUBLIC_URL: httpUrl.optional(),
  PUBLIC_FUNCTIONS_URL: httpUrl.optional(),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
  CORS_ORIGINS: commaList.pipe(
    z.array(z.string().refine(isOrigin, "Each must be * or an origin like https://app.example")),
  )
    .default(["*"]),
  WORKER_TRANSPORT: z.enum(["postgrest", "postgres"]).optional(),
  INLINE_TRANSPORT: z.enum(["postgrest", "postgres"]).default("postgrest"),
  WORKER_SECONDS: wholeNumber(5, 390).default(100),
  WORKER_CPU_MS: wholeNumber(0, 3_600_000).default(1500),
  WORKER_CONCURRENCY: wholeNumber(1, 1_000).default(256),
  EGRESS_ALLOW: commaList.pipe(z.array(z.string().regex(/^[^\s/@]+:\d{1,5}$/, "Each must be host:port"))).default([]),
  MILLRACE_AUDIT_KEY: jsonText(AUDIT_KEY).pipe(
    z.union([z.object({ keys: z.array(auditJwk).min(1) }), auditJwk.transform((key) => ({ keys: [key] }))], {
      error: AUDIT_KEY,
    }),
  ).optional(),
  RESEND_API_KEY: z.string().startsWith("re_", "Must begin with re_").optional(),
  RESEND_BASE_URL: httpUrl.optional(),
  EMAIL_FROM: z.string().regex(/^[^\r\n]+$/, "Must be one line").default("Millrace <onboarding@resend.dev>"),
  SMTP_URL: smtpUrl.optional(),
  SMTP_CA: z.string().regex(/^\s*-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/, "Must be PEM")
    .optional(),
  EMAIL_RATE: z.coerce.number().min(0.1).max(100).default(2),
  EMAIL_BRAND: jsonText("Must be a JSON object").pipe(emailBrand).optional(),
  SEND_EMAIL_HOOK_SECRET: z.string().regex(
    HOOK_SECRETS,
    "Must be v1,whsec_… as Supabase Auth shows it, several joined by |",
  )
    .optional(),
  RESEND_WEBHOOK_SECRET: commaList.pipe(
    z.array(
      z.string().regex(/^whsec_[A-Za-z0-9+/=]{20,}$/, "Must be whsec_… as Resend shows it, several joined by commas"),
    )
      .min(1),
  ).optional(),
  EMAIL_PREFERENCES_URL: httpUrl.optional(),
  FRONTEND_URL: httpUrl.optional(),
  STRIPE_SECRET_KEY: z.string().regex(/^(sk|rk)_(test|live)_\w{8,}$/, "Must begin with sk_ or rk_").optional(),
  STRIPE_WEBHOOK_SECRET: z.string().regex(
    STRIPE_SECRETS,
    "Must be whsec_… as Stripe shows it, several joined by commas",
  )
    .pipe(commaList).optional(),
  STRIPE_BASE_URL: serviceUrl.optional(),
  BILLING_TRIAL_DAYS: wholeNumber(0, 730).default(14),
  BILLING_GRACE_DAYS: wholeNumber(0, 60).default(14),
  SENTRY_DSN: httpUrl.optional(),
  DENO_DEPLOYMENT_ID: z.string().optional(),
  MILLRACE_MASTER_KEYS: masterKeys.optional(),
} as const;

/** The name of a variable. */
export type VariableName = keyof typeof VARIABLES;

/** The same variables for people, in the order of the documentation. */
export const VARIABLE_FACTS: Readonly<Record<VariableName, VariableFacts>> = {
  SUPABASE_URL: {
    setBy: "platform",
    otherwise: "required",
    purpose: "Where the project's Data API and Auth answer.",
    example: "https://abcdefghijklmnopqrst.supabase.co",
  },
  SUPABASE_PUBLISHABLE_KEYS: {
    setBy: "platform",
    otherwise: "required",
    purpose: "The publishable keys by name. A caller who sends one of them and nothing else is anonymous.",
    example: '{"default":"sb_publishable_…"}',
  },
  SUPABASE_SECRET_KEYS: {
    setBy: "platform",
    otherwise: "required",
    purpose:
      "The secret keys by name; `default` must be among them. They open the routes for operators and cron, and the key that signs list cursors is derived from `default`.",
    example: '{"default":"sb_secret_…","cron":"sb_secret_…"}',
  },
  SUPABASE_JWKS: {
    setBy: "platform",
    otherwise: "required",
    purpose: "The keys that verify access tokens, as a JSON Web Key Set. Tokens are verified without a call to Auth.",
    example: '{"keys":[{"kty":"EC","crv":"P-256","kid":"…","x":"…","y":"…"}]}',
  },
  MILLRACE_SIGNING_KEY: {
    setBy: "you",
    otherwise: "API keys answer 501",
    purpose:
      "A private signing key of the project, as a JSON Web Key, that signs the tokens by which API keys act; its public half must be in `SUPABASE_JWKS`. How to make one: docs/api_keys.md.",
    example: '{"kty":"EC","crv":"P-256","kid":"…","x":"…","y":"…","d":"…"}',
    documentation: "docs/api_keys.md#set-up-a-hosted-project",
  },
  TRUSTED_PROXY_HOPS: {
    setBy: "you",
    otherwise: "`1`",
    purpose:
      "How many proxies of your own and of the platform write into `X-Forwarded-For` before a function reads it: the address of the client is so many entries from the end, whatever a client sends itself. 0 = no address is known.",
    example: "2",
  },
  SUPABASE_DB_URL: {
    setBy: "platform",
    otherwise: "the worker goes through the Data API",
    purpose: "A direct connection to Postgres, for the worker's transport `postgres`.",
    example: "postgresql://postgres:…@db.example.supabase.co:5432/postgres",
  },
  SUPABASE_PUBLIC_URL: {
    setBy: "platform",
    otherwise: "`SUPABASE_URL`",
    purpose:
      "The project's address as the outside sees it, where that differs from `SUPABASE_URL` (self-hosted, Docker). Tokens that name it as their issuer are accepted too.",
    example: "https://supabase.example.com",
  },
  PUBLIC_FUNCTIONS_URL: {
    setBy: "you",
    otherwise: "`SUPABASE_URL` + `/functions/v1`",
    purpose: "The address of the functions as the outside sees it: used in webhook URLs and in the OpenAPI document.",
    example: "https://hooks.example.com/functions/v1",
  },
  LOG_LEVEL: {
    setBy: "you",
    otherwise: "`info`",
    purpose: "The least level that is logged: `debug`, `info`, `warn` or `error`.",
    example: "debug",
  },
  CORS_ORIGINS: {
    setBy: "you",
    otherwise: "`*` (any site; cookies are never used)",
    purpose: "The sites that may call the functions from a browser, separated by commas.",
    example: "https://app.example.com,http://localhost:5173",
  },
  WORKER_TRANSPORT: {
    setBy: "you",
    otherwise: "`postgres` when `SUPABASE_DB_URL` is set, else `postgrest`",
    purpose: "How the worker speaks to the database: `postgrest` (Data API) or `postgres` (direct connection).",
    example: "postgrest",
    documentation: "docs/deploy.md#direct-connections-and-poolers",
  },
  INLINE_TRANSPORT: {
    setBy: "you",
    otherwise: "`postgrest`",
    purpose:
      "How functions that receive webhooks and start runs call the engine: `postgrest` (Data API) or `postgres` (up to four direct connections an isolate, so mind `max_connections`; without one a call takes the Data API).",
    example: "postgres",
    documentation: "docs/deploy.md#direct-connections-and-poolers",
  },
  WORKER_SECONDS: {
    setBy: "you",
    otherwise: "`100`",
    purpose:
      "Seconds after which a worker takes no more work and hands over: below the wall clock of the plan (150 s free, 400 s paid) by what a job may take.",
    example: "340",
  },
  WORKER_CPU_MS: {
    setBy: "you",
    otherwise: "`1500`",
    purpose:
      "Milliseconds of CPU time, as far as a worker can know, after which it hands over: below the platform's 2,000. 0 = no such limit, for functions that you host yourself.",
    example: "0",
  },
  WORKER_CONCURRENCY: {
    setBy: "you",
    otherwise: "`256`",
    purpose:
      "Tokens and jobs that a worker does at once at the most. It begins with 16 and finds out by itself how many are good.",
    example: "64",
  },
  EGRESS_ALLOW: {
    setBy: "you",
    otherwise: "nothing",
    purpose:
      "Addresses (host:port, separated by commas) that flows may call although they are private. For local stand-ins only; leave it unset on a hosted project.",
    example: "127.0.0.1:9000",
  },
  MILLRACE_AUDIT_KEY: {
    setBy: "you",
    otherwise: "a key derived from the `default` secret key",
    purpose:
      "Signs the seals of the audit log: a private Ed25519 key as JWK, or a JSON Web Key Set whose first key signs and whose others, the ones before it, endorse it. Set it: a derived key changes when the secret key does.",
    example: '{"kty":"OKP","crv":"Ed25519","x":"…","d":"…"}',
    documentation: "docs/audit.md",
  },
  RESEND_API_KEY: {
    setBy: "you",
    otherwise: "mails go by `SMTP_URL`; without both, none goes out",
    purpose: "The API key of Resend, which sends the platform's mails and those of `communication.email`.",
    example: "re_…",
  },
  RESEND_BASE_URL: {
    setBy: "you",
    otherwise: "Resend's own address",
    purpose: "Another address of Resend's API, for a stand-in.",
    example: "http://127.0.0.1:9001",
  },
  EMAIL_FROM: {
    setBy: "you",
    otherwise: "`Millrace <onboarding@resend.dev>`",
    purpose: "The sender of e-mail when a node names none.",
    example: "Acme <flows@acme.example>",
  },
  SMTP_URL: {
    setBy: "you",
    otherwise: "there is no second way for e-mail",
    purpose:
      "An SMTP server that takes over while Resend is away, or sends everything when there is no RESEND_API_KEY. `smtps://` (port 465) or `smtp://` with STARTTLS (2587); 25 and 587 are closed on Supabase. Percent-encode user and password.",
    example: "smtps://user:password@smtp.example.com:465",
    documentation: "docs/mail.md#smtp-as-the-second-way",
  },
  SMTP_CA: {
    setBy: "you",
    otherwise: "the authorities that everybody trusts",
    purpose:
      "Certificates, PEM, of authorities that the SMTP server's certificate may be of, for a server with an authority of its own.",
    example: "-----BEGIN CERTIFICATE-----…",
    documentation: "docs/mail.md#smtp-as-the-second-way",
  },
  EMAIL_RATE: {
    setBy: "you",
    otherwise: "`2`",
    purpose:
      "Requests a second that your Resend account allows, for all senders together. One carries up to 100 mails.",
    example: "5",
    documentation: "docs/mail.md#pace-and-fairness",
  },
  EMAIL_BRAND: {
    setBy: "you",
    otherwise: "the name Millrace, no logo, no postal address",
    purpose:
      "What mails look like: a JSON object with any of `name`, `url`, `logoUrl` (https), `color` (`#rrggbb`), `address` (postal, at the foot), `replyTo`.",
    example: '{"name":"Acme","color":"#7a1fa2"}',
    documentation: "docs/mail.md#what-mails-look-like",
  },
  SEND_EMAIL_HOOK_SECRET: {
    setBy: "you",
    otherwise: "`POST /email/auth-hook` answers 503",
    purpose:
      "Verifies what Supabase Auth's send-email hook posts. Two, with a vertical bar between them, while it is being changed.",
    example: "v1,whsec_…",
    documentation: "docs/mail.md#mails-of-supabase-auth",
  },
  RESEND_WEBHOOK_SECRET: {
    setBy: "you",
    otherwise: "`POST /email/webhooks` answers 503: mails stay `sent`",
    purpose:
      "Verifies what Resend's webhook tells of mails. Two, with a comma between them, while it is being changed.",
    example: "whsec_…",
    documentation: "docs/mail.md#what-became-of-mails",
  },
  EMAIL_PREFERENCES_URL: {
    setBy: "you",
    otherwise: "the function `email` shows its own page",
    purpose:
      "A page of yours where receivers choose their mails; links in mails lead there, with `#token=…`. Needed on a hosted project without a domain of its own, where Supabase serves pages of functions as plain text.",
    example: "https://app.example.com/mail-preferences",
    documentation: "docs/mail.md#unsubscribing",
  },
  FRONTEND_URL: {
    setBy: "you",
    otherwise: "mails carry the token without a link",
    purpose: "The address of your frontend: mails of invitations lead to `/invitations/accept#token=…` below it.",
    example: "https://app.example.com",
  },
  STRIPE_SECRET_KEY: {
    setBy: "you",
    otherwise: "there is no billing: its routes answer 501",
    purpose: "The secret key of your Stripe account, or better a restricted key with the rights that the guide lists.",
    example: "rk_live_…",
    documentation: "docs/billing.md#set-up-stripe",
  },
  STRIPE_WEBHOOK_SECRET: {
    setBy: "you",
    otherwise: "events of Stripe are refused, and plans follow with the hourly comparison only",
    purpose:
      "Verifies the events that Stripe sends to `POST /billing/webhooks`. Two, with a comma between them, while it is being changed.",
    example: "whsec_…",
    documentation: "docs/billing.md#set-up-stripe",
  },
  STRIPE_BASE_URL: {
    setBy: "you",
    otherwise: "Stripe's own address",
    purpose: "Another address of Stripe's API, for a stand-in. https, or http on this machine.",
    example: "http://127.0.0.1:12111",
  },
  BILLING_TRIAL_DAYS: {
    setBy: "you",
    otherwise: "`14`",
    purpose: "Days for which an organization may try a paid plan, once. 0 = there are no trials.",
    example: "30",
    documentation: "docs/billing.md#trials",
  },
  BILLING_GRACE_DAYS: {
    setBy: "you",
    otherwise: "`14`",
    purpose: "Days for which an organization keeps its plan while a payment is overdue. Then it falls back to `free`.",
    example: "7",
    documentation: "docs/billing.md",
  },
  SENTRY_DSN: {
    setBy: "you",
    otherwise: "errors are only logged",
    purpose: "Where our own faults (status 500) are reported.",
    example: "https://key@o1.ingest.sentry.io/1",
  },
  DENO_DEPLOYMENT_ID: {
    setBy: "platform",
    otherwise: "each isolate takes itself for a release of its own",
    purpose:
      "The release of the function. Isolates of one release give equal ETags, so one can say 304 to what another has sent.",
    example: "abcdefghijklmnopqrst_0f1e2d3c_7",
  },
  MILLRACE_MASTER_KEYS: {
    setBy: "you",
    otherwise: "secrets of flows are not set up: their routes say so, all else works",
    purpose:
      "The keys that encrypt secrets of flows: a JSON object of key id → base64 of 32 random bytes. `current` names the one for what is new, else the first is. See [secrets](secrets.md) before you change it.",
    example: '{"k1":"…"}',
    documentation: "docs/secrets.md#master-keys",
  },
};

function isSmtpUrl(text: string): boolean {
  try {
    const { protocol, hostname } = new URL(text);
    return /^smtps?:$/.test(protocol) && hostname !== "";
  } catch {
    return false;
  }
}

function isHttpUrl(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}

function isOrigin(text: string): boolean {
  return text === "*" || (isHttpUrl(text) && new URL(text).origin === text);
}
