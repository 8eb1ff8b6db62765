import { z } from "zod";
import { jsonSchema } from "../../shared/http/mod.ts";

const moment = z.iso.datetime({ offset: true });

/** Who did it. */
export const auditActorSchema = z.enum(["user", "key", "service", "system", "anonymous"]).meta({
  id: "AuditActor",
  description: "user = a person; key = an API key; service = an operator's secret key, or our own functions; " +
    "system = SQL without a request; anonymous = nobody signed in",
});

/** Where it came from. */
export const auditViaSchema = z.enum(["function", "data_api", "sql"]).meta({
  id: "AuditVia",
  description: "function = ip, agent and request_id are what our functions saw; data_api = the caller may have made " +
    "them up; sql = there was no request",
});

/** A row of the audit log. */
export const auditEventSchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid(),
  occurred_at: moment,
  actor: auditActorSchema,
  user_id: z.uuid().nullable().meta({ description: "The person; for a key, who made it" }),
  key_id: z.uuid().nullable(),
  auth: z.enum(["jwt", "key", "secret_key", "sql", "none"]),
  via: auditViaSchema,
  ip: z.string().nullable(),
  agent: z.string().nullable(),
  request_id: z.string().nullable(),
  action: z.string().meta({ examples: ["flow.updated"] }),
  target_type: z.string(),
  target_id: z.string().nullable(),
  before: jsonSchema.meta({ description: "What the changed columns held; null = nothing" }),
  after: jsonSchema.meta({ description: "What they hold now. Secrets never; what is large as {cut, bytes, sha256}" }),
  details: jsonSchema,
}).meta({ id: "AuditEvent" });

/** A row with its seal. */
export const sealedAuditEventSchema = auditEventSchema.extend({
  seal: z.object({
    number: z.int(),
    seq: z.int().meta({ description: "Its place among all rows of the organization, from 1" }),
    sealed_at: moment,
    signed_at: moment.nullable(),
  }).nullable().meta({ description: "null = not sealed yet" }),
});

const hash = z.string().meta({ description: "SHA-256, hex" });
const publicKey = { kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string(), kid: z.string() };

/** What proves a row. */
export const auditProofSchema = z.object({
  id: z.uuid(),
  seq: z.int(),
  canonical: z.string().meta({ description: "The bytes that were hashed, as UTF-8: netstrings" }),
  leaf: hash,
  path: z.array(z.object({ side: z.enum(["left", "right"]), hash })),
  root: hash,
  statement: z.string().meta({ description: "What the seal states: netstrings" }),
  link: hash,
  signed_at: z.string().meta({ description: "Microseconds since 1970" }),
  signature: z.string().meta({ description: "Ed25519, base64" }),
  key: z.object(publicKey),
}).meta({ id: "AuditProof" });

/** The published keys. */
export const auditKeysSchema = z.object({
  keys: z.array(z.object({
    ...publicKey,
    use: z.literal("sig"),
    alg: z.literal("EdDSA"),
    created_at: moment,
    endorsed_by: z.string().nullable().meta({ description: "The key before it, which signed it" }),
    endorsement: z.string().nullable(),
  })),
});

/** What verifying gave. */
export const auditReportSchema = z.object({
  is_whole: z.boolean(),
  faults: z.array(z.object({
    kind: z.enum([
      "edited",
      "deleted",
      "inserted",
      "reordered",
      "backdated",
      "cut",
      "forked",
      "rewritten",
      "unsigned",
      "signed_late",
      "unknown_key",
    ]),
    organization_id: z.uuid().nullable(),
    batch: z.int().nullable().meta({ description: "Number of the seal" }),
    seq: z.int().nullable(),
    row_id: z.uuid().nullable(),
    message: z.string(),
  })).meta({ description: "The first 100, in order" }),
  rows: z.int().meta({ description: "Rows that were hashed again" }),
  batches: z.int().meta({ description: "Seals that were checked" }),
  dropped_rows: z.int().meta({ description: "Rows that retention has dropped: their seals are whole" }),
  unsealed_rows: z.int().meta({ description: "Rows that are too new to be sealed" }),
  unsigned_batches: z.int(),
  keys: z.array(z.string()),
  head: z.object({ number: z.int(), link: hash }).nullable().meta({
    description:
      "The end of the whole log: keep it, and `deno task audit:verify --anchor` finds what was cut off since",
  }),
}).meta({ id: "AuditReport" });

/** What members see of it. */
export const activitySchema = z.object({
  id: z.uuid(),
  occurred_at: moment,
  actor: auditActorSchema,
  user_id: z.uuid().nullable().meta({ description: "The person; for a key, who made it" }),
  user_name: z.string().nullable().meta({ description: "null = nobody, or you may not see members" }),
  key_id: z.uuid().nullable(),
  key_name: z.string().nullable().meta({ description: "null = no key, it is gone, or you may not see keys" }),
  action: z.string().meta({ examples: ["flow.updated"] }),
  target_type: z.string().meta({ examples: ["flow"] }),
  target_id: z.string().nullable(),
  target_name: z.string().nullable().meta({ description: "What it was called then, or else is called now" }),
  changed: z.array(z.string()).meta({
    description: "Names of the fields that an update changed",
    examples: [["is_active"]],
  }),
  summary: z.string().meta({
    description: "All of it as a sentence, in English; the other fields are there for sentences of your own",
    examples: ["Ada Lovelace renamed the flow “Orders” to “Sales”"],
  }),
  link: z.string().nullable().meta({
    description: "The path in this API where the thing can be read now; null = it is gone, or has none",
    examples: ["/flows/0197a0c8-0000-7000-8000-000000000001"],
  }),
}).meta({ id: "Activity" });
