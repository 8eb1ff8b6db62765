import type { AnyMailTemplate } from "./define_template.ts";

/** Every template by its name. Paths are written out, since the bundler of edge functions follows nothing else. */
const LOADERS: Readonly<Record<string, () => Promise<AnyMailTemplate>>> = {
  welcome: async () => (await import("./templates/welcome.tsx")).welcome,
  verification: async () => (await import("./templates/verification.tsx")).verification,
  magic_link: async () => (await import("./templates/magic_link.tsx")).magicLink,
  password_reset: async () => (await import("./templates/password_reset.tsx")).passwordReset,
  security_notice: async () => (await import("./templates/security_notice.tsx")).securityNotice,
  invitation: async () => (await import("./templates/invitation.tsx")).invitation,
  usage_alert: async () => (await import("./templates/usage_alert.tsx")).usageAlert,
  weekly_digest: async () => (await import("./templates/weekly_digest.tsx")).weeklyDigest,
  receipt: async () => (await import("./templates/receipt.tsx")).receipt,
  payment_failed: async () => (await import("./templates/payment_failed.tsx")).paymentFailed,
  alert: async () => (await import("./templates/alert.tsx")).alert,
  approval_request: async () => (await import("./templates/approval_request.tsx")).approvalRequest,
  endpoint_disabled: async () => (await import("./templates/endpoint_disabled.tsx")).endpointDisabled,
  secret_warning: async () => (await import("./templates/secret_warning.tsx")).secretWarning,
  trial_ending: async () => (await import("./templates/trial_ending.tsx")).trialEnding,
};

/** The names of all templates. */
export const TEMPLATE_NAMES: readonly string[] = Object.keys(LOADERS);

/** A template by its name; undefined = there is none. Loaded with its first use. */
export async function findMailTemplate(name: string): Promise<AnyMailTemplate | undefined> {
  return Object.hasOwn(LOADERS, name) ? await LOADERS[name]!() : undefined;
}
