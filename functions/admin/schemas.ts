import { z } from "zod";

const moment = z.iso.datetime({ offset: true }).meta({ examples: ["2026-12-01T09:30:00+00:00"] });
const reason = z.string().min(1).max(500).meta({
  description: "Why, for people",
  examples: ["They import on Mondays"],
});

/** Whose limit an override is. */
export const overrideKind = z.enum(["user", "key", "org", "ip", "operation"]);
/** Whose buckets are looked at. */
export const bucketKind = z.enum(["user", "key", "org", "ip", "hook", "refused"]);

/** The id of whom a limit is for. */
export const subjectId = z.string().min(1).max(200).regex(/^[\w.:/-]+$/, "Must be an id, an address or an operation")
  .meta({
    description: "The id; for `ip` and `refused` the address; for `operation` the operation's id",
    examples: ["0192f0c0-0000-7000-8000-000000000002"],
  });

const scope = z.string().regex(/^(?:\*|[A-Za-z][A-Za-z0-9]{0,99})$/, "Must be * or a route class or an operation").meta(
  {
    description: "A route class (`read`, `write`, `run`, `default`) or an operation; `*` = every bucket of the subject",
    examples: ["*"],
  },
);

/** The query that names the subject of an override. */
export const overrideQuery = z.object({ subject_kind: overrideKind, subject_id: subjectId, scope: scope.default("*") });
/** The query that names the owner of buckets. */
export const bucketQuery = z.object({ subject_kind: bucketKind, subject_id: subjectId });

const positive = (max: number) => z.int().min(1).max(max);

/** A limit that an operator gives. */
export const overrideInput = z.strictObject({
  subject_kind: overrideKind,
  subject_id: subjectId,
  scope: scope.default("*"),
  request_limit: positive(10_000_000).meta({ description: "Requests per window" }),
  window_seconds: positive(86_400).default(60),
  burst: positive(10_000_000).optional().meta({ description: "How many may come at once; the limit when absent" }),
  reason,
  expires_at: moment.nullable().default(null),
}).meta({
  examples: [{
    subject_kind: "org",
    subject_id: "0192f0c0-0000-7000-8000-000000000002",
    request_limit: 6000,
    burst: 1000,
    reason: "They import on Mondays",
    expires_at: "2100-01-01T00:00:00Z",
  }],
});

/** A limit that an operator gave. */
export const overrideSchema = z.object({
  id: z.string().meta({ description: "Subject and scope", examples: ["org 0192f0c0-0000-7000-8000-000000000002 *"] }),
  subject_kind: overrideKind,
  subject_id: z.string(),
  scope: z.string(),
  request_limit: z.int(),
  window_seconds: z.int(),
  burst: z.int(),
  reason: z.string(),
  expires_at: moment.nullable().meta({ description: "From when the plan's limit counts again" }),
  created_by: z.string(),
  created_at: moment,
}).meta({ id: "LimitOverride", description: "A limit that an operator gave by hand" });

/** A bucket that is in use or remembered. */
export const bucketSchema = z.object({
  key: z.string().meta({ examples: ["user:0192f0c0-0000-7000-8000-000000000001:read"] }),
  burst: z.int().nullable().meta({ description: "What it holds when full" }),
  full_in_seconds: z.int().meta({ description: "0 = nothing is taken" }),
  refused: z.int().meta({ description: "Requests refused since the last block began" }),
  refused_at: moment.nullable(),
  strikes: z.int().meta({ description: "How many blocks in a row" }),
  blocked_until: moment.nullable(),
}).meta({ id: "LimitBucket", description: "A bucket of a rate limit" });

/** An address or a network. */
export const networkSchema = z.string().min(2).max(50).regex(
  /^[0-9a-fA-F.:]+(?:\/\d{1,3})?$/,
  "Must be an address or a network",
);

/** A network to block. */
export const ipBlockInput = z.strictObject({
  network: networkSchema.meta({ examples: ["198.51.100.0/24"] }),
  reason,
  blocked_until: moment.nullable().default(null).meta({ description: "Null = until it is lifted" }),
}).meta({ examples: [{ network: "198.51.100.0/24", reason: "Guesses keys", blocked_until: null }] });

/** A network that is blocked. */
export const ipBlockSchema = z.object({
  id: z.uuid(),
  network: z.string(),
  reason: z.string(),
  blocked_until: moment.nullable(),
  is_automatic: z.boolean().meta({ description: "Too many refused credentials came from there" }),
  created_by: z.string(),
  created_at: moment,
}).meta({ id: "IpBlock", description: "A network from which no request is taken" });

/** When addresses are blocked by themselves. */
export const blockingSettings = z.strictObject({
  ip_block_after: z.int().min(0).max(100_000).meta({
    description: "More refused credentials than this from one address, within the window, block it; 0 = never",
  }),
  ip_block_window_seconds: positive(86_400),
  ip_block_seconds: positive(2_592_000).meta({ description: "How long such a block lasts" }),
  ip_never_block: z.array(networkSchema).max(200).meta({
    description: "Addresses and networks that are never blocked, besides private ones: offices, your own servers",
  }),
}).meta({
  id: "BlockingSettings",
  examples: [{ ip_block_after: 50, ip_block_window_seconds: 600, ip_block_seconds: 3600, ip_never_block: [] }],
});

const flagName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, "Must be lower-case letters, digits and _").meta({
  examples: ["new_editor"],
});

const namedFlag = z.string().regex(/^[\w-]{1,63}$/, "Must be the name of a flag").meta({ examples: ["new_editor"] });

/** The path of a flag. */
export const flagParams = z.object({ name: namedFlag });
/** The path of a flag's rule for an organization. */
export const flagRuleParams = z.object({ name: namedFlag, organizationId: z.uuid() });

const flagShape = {
  percentage: z.int().min(0).max(100).meta({
    description: "How many of a hundred organizations have it: always the same ones",
  }),
  description: z.string().max(1000).meta({ description: "What it switches, for operators" }),
  since_version: z.iso.date().nullable().meta({
    description: "The first version of the API that has it; null = every version",
    examples: ["2026-11-21"],
  }),
};

/** What of a flag can be set; what is absent stays. */
export const flagInput = z.strictObject(flagShape).partial().extend({ name: flagName }).meta({
  examples: [{ name: "new_editor", percentage: 10, description: "The new editor", since_version: null }],
});

/** A flag in a list. */
export const flagSchema = z.object({
  name: flagName,
  ...flagShape,
  updated_at: moment,
  rule_count: z.int().meta({ description: "Organizations with a rule of their own" }),
}).meta({ id: "Flag", description: "A feature that is not there for everybody" });

/** A flag with its rules. */
export const flagWithRulesSchema = flagSchema.extend({
  rules: z.record(z.uuid(), z.boolean()).meta({
    description: "Organization → whether it has it, whatever its share; a thousand at the most",
    examples: [{ "0192f0c0-0000-7000-8000-000000000002": true }],
  }),
}).meta({ id: "FlagWithRules", description: "A flag with the organizations that have a rule of their own" });

/** Whether an organization has a flag. */
export const flagRuleInput = z.strictObject({ is_on: z.boolean() }).meta({ examples: [{ is_on: true }] });

/** How often replies of an operation came from memory. */
export const cacheUsageSchema = z.strictObject({
  operation: z.string().meta({ examples: ["listFlows"] }),
  requests: z.int(),
  hits: z.int().meta({ description: "A kept reply" }),
  stale: z.int().meta({ description: "A kept reply past its maximum age, fetched anew behind the answer" }),
  joined: z.int().meta({ description: "The reply of a query that another request had begun" }),
  matched: z.int().meta({ description: "304 by the generation alone: nothing was kept, nothing was asked" }),
  misses: z.int().meta({ description: "The query was made" }),
  not_modified: z.int().meta({ description: "How many of all were answered 304" }),
  hit_rate: z.number().min(0).max(1).meta({ description: "Share of the requests that needed no query" }),
  first_day: z.iso.date(),
  last_day: z.iso.date(),
}).meta({ id: "CacheUsage", description: "How often replies of an operation came from memory" });
