/**
 * The text at the top of the OpenAPI document.
 *
 * @module
 */

/** The groups of operations, in the order of the documentation. */
export const TAGS: readonly { readonly name: string; readonly description: string }[] = [
  { name: "flows", description: "Graphs drawn on a canvas, and their versions" },
  { name: "templates", description: "Flows to begin with" },
  { name: "runs", description: "Executions of flows: start, follow, cancel, retry" },
  { name: "entities", description: "Things that live on the canvas of a flow and move with its runs" },
  { name: "nodes", description: "The node types that flows are made of" },
  { name: "webhooks", description: "Addresses at which other services start flows, and what arrived there" },
  { name: "secrets", description: "Values that flows use by name and nobody reads" },
  { name: "hooks", description: "The receiver of webhooks: what Stripe, Typeform and others call" },
  { name: "schedules", description: "When the clock starts flows: cron, time zones, what becomes of due times" },
  { name: "jobs", description: "Background work that is no step of a run: what waits, what failed, and how to go on" },
  { name: "admin", description: "Operators: limits by hand, blocked networks, security events" },
  { name: "audit", description: "Who did what, sealed and signed; and what happened lately, for members" },
  { name: "people", description: "Who you are and what you may do" },
  { name: "organizations", description: "Organizations, their members and workspaces" },
  { name: "keys", description: "API keys, with which programs call" },
  { name: "health", description: "Whether the service works" },
  { name: "worker", description: "For pg_cron and operators" },
  { name: "api", description: "What the API says about itself" },
];

/** What is true for every operation. */
export const OVERVIEW = `Flows are graphs that webhooks, people and programs start and that run durably.

**Addresses.** Every function answers under its own name, and all of them at \`/api/v1\` as well. \`workflows\` and
\`canvas\` are other names of \`flows\` there, \`executions\` of \`runs\`, \`workers\` of \`nodes\`, \`stats\` of \`flows/stats\`, and \`/auth/me\`,
\`/auth/sync\` and \`/invitations\` are those of \`orgs\`.

**Who you are.** Send \`Authorization: Bearer\` with the access token of a signed-in user, and the project's publishable
key as \`apikey\`: supabase-js does both. \`X-Organization-Id\` chooses among your organizations. Operators and cron send a
secret key as \`apikey\`. A credential that is sent and does not hold is refused everywhere.

**Errors** are problem documents (RFC 9457) with a stable \`code\`, the \`request_id\`, and in \`problems\` everything that is
wrong at once, each with its path. No input gives a 5xx.

**Lists** answer \`{ data, next_cursor }\`. Give \`next_cursor\` back as \`cursor\`, with the same order and filters.

**Versions.** An answer with one thing carries an \`ETag\`. Send it as \`If-Match\` with a change, and nobody's work is
overwritten: 412 when it is stale.

**Idempotency.** Requests that make something take \`Idempotency-Key\`: the same key with the same request gives the same
answer for 24 hours and makes nothing twice.

**Limits.** \`RateLimit\` and \`RateLimit-Policy\` come with every answer to a user, \`Retry-After\` with 429 and 503. Bodies
are JSON of 1 MiB at most.`;
