import { createGuardedHttpProvider, type GuardedHttpOptions } from "./guarded_http_provider.ts";
import { withFailover } from "./failover_email_provider.ts";
import { NodeError } from "./node_error.ts";
import { createResendEmailProvider } from "./resend_email_provider.ts";
import { createSmtpEmailProvider } from "./smtp_email_provider.ts";
import type { EmailProvider, Providers } from "./types.ts";

/** The part of the environment that providers need; `Env` of `shared/env` fits. */
export interface ProviderEnv {
  /** `host:port` pairs past the guard against private addresses. */
  readonly egressAllow: readonly string[];
  /** The API key of Resend, null when email is not set up. */
  readonly resendApiKey: string | null;
  /** Another address of Resend's API. */
  readonly resendBaseUrl: string | null;
  /** Sender of email when a node names none. */
  readonly emailFrom: string;
  /** An SMTP server: the fallback of Resend, or the only service. */
  readonly smtpUrl?: string | null;
  readonly smtpCa?: string | null;
}

/**
 * Builds every provider. Nothing is loaded and no connection made before a provider is used.
 *
 * @param env Keys and addresses.
 * @param http Lookup and dialling for tests.
 * @returns The providers, safe to share between runs of all tenants: they keep nothing of a request.
 */
export function createProviders(env: ProviderEnv, http: Omit<GuardedHttpOptions, "egressAllow"> = {}): Providers {
  return {
    http: createGuardedHttpProvider({ ...http, egressAllow: env.egressAllow }),
    email: createEmailProvider(env),
  };
}

/** Resend, with SMTP behind it; or one of them; or none. */
function createEmailProvider(
  { resendApiKey, resendBaseUrl, emailFrom, smtpUrl = null, smtpCa = null }: ProviderEnv,
): EmailProvider {
  const smtp = smtpUrl === null ? null : createSmtpEmailProvider({
    url: smtpUrl,
    from: emailFrom,
    ...(smtpCa === null ? {} : { ca: smtpCa.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? [] }),
  });
  if (resendApiKey === null) return smtp ?? NO_EMAIL;
  const resend = createResendEmailProvider({
    apiKey: resendApiKey,
    from: emailFrom,
    ...(resendBaseUrl === null ? {} : { baseUrl: resendBaseUrl }),
  });
  return smtp === null ? resend : withFailover(resend, smtp);
}

const NO_EMAIL: EmailProvider = {
  name: "none",
  send: () =>
    Promise.reject(
      new NodeError("Email is not set up: RESEND_API_KEY and SMTP_URL are missing", { code: "provider_error" }),
    ),
};
