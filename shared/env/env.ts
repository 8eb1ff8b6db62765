import { fromZod } from "../errors/mod.ts";
import { z } from "zod";
import { readSigningKey, type SigningKey } from "./signing_key.ts";
import { type EmailBrand, VARIABLE_FACTS, type VariableName, VARIABLES } from "./variables.ts";

/** A JSON Web Key Set. */
export interface Jwks {
  readonly keys: readonly ({ readonly kty: string } & Readonly<Record<string, unknown>>)[];
}

/** The environment, read and checked. Absent optional values are `null`. */
export interface Env {
  /** The project's address as the function sees it, without a slash at the end. */
  readonly supabaseUrl: string;
  /** Publishable keys by name. */
  readonly publishableKeys: Readonly<Record<string, string>>;
  /** Secret keys by name; `default` is among them. */
  readonly secretKeys: Readonly<Record<string, string>> & { readonly default: string };
  /** The keys that verify access tokens. */
  readonly jwks: Jwks;
  /** Signs the tokens of API keys; null = the project takes no API keys. */
  readonly signingKey: SigningKey | null;
  /** How many entries from the end of X-Forwarded-For the client's address stands; 0 = nowhere. */
  readonly trustedProxyHops: number;
  /** A direct connection to Postgres. */
  readonly databaseUrl: string | null;
  /** The project's address as the outside sees it. */
  readonly publicUrl: string;
  /** The functions' address as the outside sees it. */
  readonly functionsUrl: string;
  /** The least level that is logged. */
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** Sites that may call from a browser; `*` means any. */
  readonly corsOrigins: readonly string[];
  /** How the worker speaks to the database. */
  readonly workerTransport: "postgrest" | "postgres";
  /** How requests that receive webhooks and start runs speak to the engine. */
  readonly inlineTransport: "postgrest" | "postgres";
  /** Seconds after which a worker hands over. */
  readonly workerSeconds: number;
  /** Milliseconds of CPU time after which a worker hands over; null = no limit. */
  readonly workerCpuMs: number | null;
  /** Tokens and jobs that a worker does at once at the most. */
  readonly workerConcurrency: number;
  /** host:port pairs past the guard against private addresses. */
  readonly egressAllow: readonly string[];
  /** Private keys (JWK) that sign the audit log; null = one is derived. */
  readonly auditKeys: readonly Readonly<Record<"kty" | "crv" | "x" | "d", string>>[] | null;
  /** The API key of Resend. */
  readonly resendApiKey: string | null;
  /** Another address of Resend's API. */
  readonly resendBaseUrl: string | null;
  /** The sender of e-mail when a node names none. */
  readonly emailFrom: string;
  /** An SMTP server, beside or instead of Resend. */
  readonly smtpUrl: string | null;
  /** Certificates, PEM, of authorities that are trusted for it besides those that everybody trusts. */
  readonly smtpCa: string | null;
  /** Requests a second that the e-mail service takes. */
  readonly emailRate: number;
  /** What mails look like: what of it is set. */
  readonly emailBrand: EmailBrand | null;
  /** Verify what the send-email hook of Supabase Auth posts; null = the hook is not set up. */
  readonly sendEmailHookSecrets: readonly string[] | null;
  /** Verify what Resend tells of mails; null = its webhook is not set up. */
  readonly resendWebhookSecrets: readonly string[] | null;
  /** A page of the frontend where receivers choose their mails; null = our own. */
  readonly emailPreferencesUrl: string | null;
  /** The address of the frontend, for links in mails. */
  readonly frontendUrl: string | null;
  /** The secret key of Stripe; null = there is no billing. */
  readonly stripeSecretKey: string | null;
  /** Verify Stripe's events, the current secret first; empty = none is taken. */
  readonly stripeWebhookSecrets: readonly string[];
  /** Another address of Stripe's API. */
  readonly stripeBaseUrl: string | null;
  /** Days of a trial; 0 = there are none. */
  readonly billingTrialDays: number;
  /** Days for which a plan is kept while a payment is overdue. */
  readonly billingGraceDays: number;
  /** Where errors are reported. */
  readonly sentryDsn: string | null;
  /** The release of the function's code; null = not known. */
  readonly release: string | null;
  /** The keys that encrypt secrets of flows; null = secrets are not set up. */
  readonly masterKeys: { readonly current: string; readonly keys: Readonly<Record<string, Uint8Array>> } | null;
}

/** Gives the value of a variable, or undefined. */
export type EnvSource = (name: string) => string | undefined;

/** One thing that is wrong with the environment. Nothing of it repeats a value. */
export interface EnvProblem {
  /** The variable. */
  readonly variable: string;
  /** What is wrong. */
  readonly message: string;
  /** A value as it could be. */
  readonly expected: string;
  /** Where it is written. */
  readonly documentation: string;
}

/** The environment is not usable. The message lists every problem; it never repeats a value. */
export class EnvError extends Error {
  override readonly name = "EnvError";
  /** One line a problem: variable and sentence. */
  readonly problems: readonly string[];

  /** @param problems One line a problem: the variable, a colon, a sentence. */
  constructor(problems: readonly string[]) {
    const lines = problems.map((problem) => {
      const { expected, documentation } = explainProblem(problem);
      return `  - ${problem} (expected: ${expected}; see ${documentation})`;
    });
    super(`The environment is not usable:\n${lines.join("\n")}`);
    this.problems = problems;
  }

  /** The same problems in their parts. */
  get details(): EnvProblem[] {
    return this.problems.map(explainProblem);
  }
}

function explainProblem(problem: string): EnvProblem {
  const at = problem.indexOf(": ");
  const variable = problem.slice(0, at);
  const name = /^[A-Z_]+/.exec(variable)?.[0] ?? "";
  const facts = Object.hasOwn(VARIABLE_FACTS, name) ? VARIABLE_FACTS[name as VariableName] : undefined;
  return {
    variable,
    message: problem.slice(at + 2),
    expected: facts?.example ?? "a known variable",
    documentation: facts?.documentation ?? "docs/environment.md",
  };
}

const schema = z.object(VARIABLES);
let cached: Env | undefined;

/**
 * Reads the environment: the only place that does. The result of the real environment is kept for the life of the
 * isolate, where variables never change.
 *
 * @param source Another source than the process, for tests; its result is not kept.
 * @throws {EnvError} With every problem at once.
 */
export function readEnv(source?: EnvSource): Env {
  if (source !== undefined) return parseEnv(source);
  cached ??= parseEnv((name) => Deno.env.get(name));
  return cached;
}

function parseEnv(source: EnvSource): Env {
  const raw: Record<string, string> = {};
  for (const name of Object.keys(VARIABLES)) {
    const value = source(name);
    if (value !== undefined && value.trim() !== "") raw[name] = value.trim();
  }
  const parsed = schema.safeParse(raw);
  const problems = parsed.success ? [] : fromZod(parsed.error).map(({ path, message }) => `${path}: ${message}`);
  for (const name of ["WORKER_TRANSPORT", "INLINE_TRANSPORT"]) {
    if (raw[name] === "postgres" && raw.SUPABASE_DB_URL === undefined) {
      problems.push(`${name}: postgres needs SUPABASE_DB_URL`);
    }
  }
  const signingKey = parseSigningKey(raw);
  if (Array.isArray(signingKey)) problems.push(...signingKey);
  if (!parsed.success || problems.length > 0 || Array.isArray(signingKey)) throw new EnvError(problems);
  return toEnv(parsed.data, signingKey);
}

/** Read apart from the schema, since it is compared with another variable, also when a third one is wrong. */
function parseSigningKey(
  { MILLRACE_SIGNING_KEY, SUPABASE_JWKS }: Record<string, string>,
): SigningKey | string[] | null {
  const key = VARIABLES.MILLRACE_SIGNING_KEY.safeParse(MILLRACE_SIGNING_KEY);
  if (!key.success || key.data === undefined) return null;
  const jwks = VARIABLES.SUPABASE_JWKS.safeParse(SUPABASE_JWKS);
  const read = readSigningKey(key.data, jwks.data);
  return Array.isArray(read) ? read.map((problem) => `MILLRACE_SIGNING_KEY: ${problem}`) : read;
}

function toEnv(values: z.output<typeof schema>, signingKey: SigningKey | null): Env {
  const supabaseUrl = values.SUPABASE_URL;
  const publicUrl = values.SUPABASE_PUBLIC_URL ?? supabaseUrl;
  const databaseUrl = values.SUPABASE_DB_URL ?? null;
  return {
    supabaseUrl,
    publishableKeys: values.SUPABASE_PUBLISHABLE_KEYS,
    // The schema has checked that `default` is there.
    secretKeys: values.SUPABASE_SECRET_KEYS as Record<string, string> & { default: string },
    jwks: values.SUPABASE_JWKS,
    signingKey,
    trustedProxyHops: values.TRUSTED_PROXY_HOPS,
    databaseUrl,
    publicUrl,
    functionsUrl: values.PUBLIC_FUNCTIONS_URL ?? `${publicUrl}/functions/v1`,
    logLevel: values.LOG_LEVEL,
    corsOrigins: values.CORS_ORIGINS,
    workerTransport: values.WORKER_TRANSPORT ?? (databaseUrl === null ? "postgrest" : "postgres"),
    inlineTransport: values.INLINE_TRANSPORT,
    workerSeconds: values.WORKER_SECONDS,
    workerCpuMs: values.WORKER_CPU_MS === 0 ? null : values.WORKER_CPU_MS,
    workerConcurrency: values.WORKER_CONCURRENCY,
    egressAllow: values.EGRESS_ALLOW,
    auditKeys: values.MILLRACE_AUDIT_KEY?.keys ?? null,
    resendApiKey: values.RESEND_API_KEY ?? null,
    resendBaseUrl: values.RESEND_BASE_URL ?? null,
    emailFrom: values.EMAIL_FROM,
    smtpUrl: values.SMTP_URL ?? null,
    smtpCa: values.SMTP_CA ?? null,
    emailRate: values.EMAIL_RATE,
    emailBrand: values.EMAIL_BRAND ?? null,
    sendEmailHookSecrets: values.SEND_EMAIL_HOOK_SECRET?.split("|") ?? null,
    resendWebhookSecrets: values.RESEND_WEBHOOK_SECRET ?? null,
    emailPreferencesUrl: values.EMAIL_PREFERENCES_URL ?? null,
    frontendUrl: values.FRONTEND_URL ?? null,
    stripeSecretKey: values.STRIPE_SECRET_KEY ?? null,
    stripeWebhookSecrets: values.STRIPE_WEBHOOK_SECRET ?? [],
    stripeBaseUrl: values.STRIPE_BASE_URL ?? null,
    billingTrialDays: values.BILLING_TRIAL_DAYS,
    billingGraceDays: values.BILLING_GRACE_DAYS,
    sentryDsn: values.SENTRY_DSN ?? null,
    release: values.DENO_DEPLOYMENT_ID ?? null,
    masterKeys: values.MILLRACE_MASTER_KEYS ?? null,
  };
}
