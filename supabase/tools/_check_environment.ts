import { type Env, EnvError, readEnv, VARIABLE_FACTS, type VariableName } from "../../shared/env/mod.ts";
import type { Finding } from "./_finding.ts";

/** Variables of the embedded stack and of tools, which functions do not read. */
const ELSEWHERE = ["MILLRACE_PORT", "MILLRACE_DATA", "MILLRACE_FUNCTIONS_DENO", "DATABASE_URL"];

/** A name that begins so is meant for us. */
const OURS = /^(MILLRACE|WORKER|INLINE|EGRESS|RESEND|EMAIL|SMTP|STRIPE|BILLING|CORS|TRUSTED)_/;

/** What does not work without a variable that may be absent, worth a word each. */
const OPTIONAL: readonly VariableName[] = [
  "MILLRACE_MASTER_KEYS",
  "MILLRACE_SIGNING_KEY",
  "MILLRACE_AUDIT_KEY",
  "RESEND_API_KEY",
  "FRONTEND_URL",
];

/**
 * The variables: each as functions read it at start, and what is absent, unknown or doubtful.
 *
 * @param variables By name.
 * @param fromFile Whether nothing else but variables of functions is among them.
 * @returns The environment, null when functions would not start.
 */
export function checkEnvironment(
  variables: Readonly<Record<string, string>>,
  fromFile: boolean,
): { env: Env | null; findings: Finding[] } {
  const findings: Finding[] = [];
  let env: Env | null = null;
  try {
    env = readEnv((name) => variables[name]);
    findings.push({ level: "ok", about: "environment", message: "Functions start with it" });
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    for (const { variable, message, expected, documentation } of error.details) {
      findings.push({ level: "problem", about: variable, message, expected, documentation });
    }
  }
  for (const name of OPTIONAL) {
    if ((variables[name] ?? "").trim() !== "") continue;
    const { otherwise, documentation = "docs/environment.md" } = VARIABLE_FACTS[name];
    findings.push({ level: "note", about: name, message: `Not set: ${otherwise}`, documentation });
  }
  for (const name of Object.keys(variables)) {
    if (Object.hasOwn(VARIABLE_FACTS, name) || ELSEWHERE.includes(name)) continue;
    const near = Object.keys(VARIABLE_FACTS).find((known) => distance(name, known) <= 3);
    if (!fromFile && !OURS.test(name)) continue;
    const message = near === undefined
      ? "Nothing reads this variable"
      : `Nothing reads this variable; is ${near} meant?`;
    findings.push({ level: "note", about: name, message, documentation: "docs/environment.md" });
  }
  if (env !== null) findings.push(...doubts(env));
  return { env, findings };
}

/** What is allowed and yet rarely meant. */
function doubts(env: Env): Finding[] {
  const isHosted = new URL(env.supabaseUrl).hostname.endsWith(".supabase.co");
  const note = (about: VariableName, message: string): Finding => ({
    level: "note",
    about,
    message,
    documentation: VARIABLE_FACTS[about].documentation ?? "docs/environment.md",
  });
  return [
    ...(isHosted && env.egressAllow.length > 0
      ? [note("EGRESS_ALLOW", "Flows may call private addresses: meant for local stand-ins only")]
      : []),
    ...(env.resendApiKey !== null && env.emailFrom.includes("onboarding@resend.dev")
      ? [note("EMAIL_FROM", "Mails go out from Resend's own test address, which reaches only your own")]
      : []),
    ...(env.resendApiKey !== null && env.resendWebhookSecrets === null
      ? [note("RESEND_WEBHOOK_SECRET", "Nobody hears of bounces and complaints: such addresses are written to again")]
      : []),
    ...(new URL(env.functionsUrl).hostname.endsWith(".supabase.co") && env.emailPreferencesUrl === null
      ? [note("EMAIL_PREFERENCES_URL", "Supabase serves the page where receivers choose their mails as plain text")]
      : []),
    ...(isHosted && env.signingKey?.alg === "HS256"
      ? [note("MILLRACE_SIGNING_KEY", "No hosted project publishes keys for HS256")]
      : []),
  ];
}

/** Edits that make one of the other, as Levenshtein counts them. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
