import { z } from "zod";
import { notFound } from "../../shared/errors/mod.ts";

/** Bytes of a value in UTF-8. */
const MAX_VALUE_BYTES = 65_536;

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

const name = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, "Must be A to Z, 0 to 9 and _, a letter first, 64 at most")
  .meta({
    description: "What expressions call it: `secrets.CRM_KEY`",
    examples: ["CRM_KEY"],
  });
const description = z.string().max(1000).meta({ examples: ["Key of the CRM, made by Ada"] });
const expiresAt = timestamp.meta({ description: "From then on steps that use it fail with `secret_expired`" });
const rotateAfterDays = z.int().min(1).max(3650).meta({
  description: "Days after which the owners are reminded to set a new value",
  examples: [90],
});

/** A value. The messages never repeat it. */
const valueSchema = z.string().min(4, "Must have at least 4 characters").refine(
  (value) => value.isWellFormed() && !value.includes("\u0000"),
  "Must be text without NUL and lone surrogates",
).refine(
  (value) => new TextEncoder().encode(value).length <= MAX_VALUE_BYTES,
  `Must have at most ${MAX_VALUE_BYTES} bytes`,
).meta({
  description: "4 characters to 64 KiB. Never shown again, but by `reveal`",
  examples: ["sk_example_not_real"],
});

/** A secret without its value. */
export const secretSchema = z.strictObject({
  id: z.uuid(),
  organization_id: z.uuid(),
  name: z.string().meta({ examples: ["CRM_KEY"] }),
  description: z.string(),
  current_version: z.int().meta({ description: "The number of the value that flows get", examples: [3] }),
  expires_at: timestamp.nullable().meta({ description: "Null = never" }),
  rotate_after_days: z.int().nullable().meta({ description: "Null = nobody is reminded", examples: [90] }),
  rotated_at: timestamp.meta({ description: "When the current value was set" }),
  last_used_at: timestamp.nullable().meta({ description: "When a flow last got it, to the minute; null = never" }),
  created_by: z.uuid().nullable().meta({ description: "Null = the account is gone" }),
  version: z.int().meta({ description: "Raised by every change; what the ETag says", examples: [4] }),
  created_at: timestamp,
  updated_at: timestamp,
}).meta({ id: "Secret" });

/** A secret without its value. */
export type Secret = z.output<typeof secretSchema>;

/** The columns of a secret. */
export const SECRET_FIELDS = Object.keys(secretSchema.shape) as [keyof Secret, ...(keyof Secret)[]];

/** A new secret. */
export const newSecretSchema = z.strictObject({
  name,
  value: valueSchema,
  description: description.default(""),
  expires_at: expiresAt.optional(),
  rotate_after_days: rotateAfterDays.optional(),
}).meta({ id: "NewSecret", examples: [{ name: "CRM_KEY", value: "sk_example_not_real", rotate_after_days: 90 }] });

/** A new secret. */
export type NewSecret = z.output<typeof newSecretSchema>;

/** Changes of a secret, its value excepted. */
export const secretChangesSchema = z.strictObject({
  name: name.optional(),
  description: description.optional(),
  expires_at: expiresAt.nullable().optional(),
  rotate_after_days: rotateAfterDays.nullable().optional(),
}).refine((changes) => Object.values(changes).some((value) => value !== undefined), {
  error: "Say what to change",
}).meta({ id: "SecretChanges", examples: [{ description: "Key of the CRM" }, { expires_at: null }] });

/** Changes of a secret. */
export type SecretChanges = z.output<typeof secretChangesSchema>;

/** A new value. */
export const newValueSchema = z.strictObject({
  value: valueSchema,
  expires_at: expiresAt.optional().meta({ description: "Another expiry; as it was when absent" }),
}).meta({ id: "NewSecretValue", examples: [{ value: "sk_example_not_real_2" }] });

/** A version without its value. */
export const secretVersionSchema = z.strictObject({
  number: z.int().meta({ description: "1, 2, 3 … within the secret", examples: [3] }),
  is_current: z.boolean(),
  key_id: z.string().meta({ description: "The master key that protects it", examples: ["k1"] }),
  created_by: z.uuid().nullable(),
  created_at: timestamp,
  destroyed_at: timestamp.nullable().meta({ description: "When the value was thrown away; null = it can be restored" }),
}).meta({ id: "SecretVersion" });

/** A version without its value. */
export type SecretVersion = z.output<typeof secretVersionSchema>;

/** Who read a secret, in a minute. */
export const secretAccessSchema = z.strictObject({
  id: z.uuid(),
  number: z.int().meta({ description: "The version that was read" }),
  kind: z.enum(["run", "reveal"]).meta({ description: "A step of a run used it, or a person asked to see it" }),
  run_id: z.uuid().nullable(),
  node_id: z.string().nullable(),
  user_id: z.uuid().nullable(),
  key_id: z.uuid().nullable().meta({ description: "The API key that asked" }),
  minute: timestamp,
  uses: z.int().meta({ description: "How often within the minute" }),
  last_at: timestamp,
}).meta({ id: "SecretAccess" });

/** Who read a secret. */
export type SecretAccess = z.output<typeof secretAccessSchema>;

/** A flow that uses a secret. */
export const secretFlowSchema = z.strictObject({ id: z.uuid(), name: z.string() }).meta({ id: "SecretFlow" });

/** A flow that uses a secret. */
export type SecretFlow = z.output<typeof secretFlowSchema>;

/** The parameters of a version's path. */
export const versionParams = z.object({
  id: z.uuid(),
  number: z.string().min(1).max(64).meta({ description: "The number of the version", examples: ["2"] }),
});

/**
 * The number of a version in a path.
 *
 * @throws {AppError} `not_found` for what no version can be called.
 */
export function versionNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw notFound("version");
  return Number(text);
}
