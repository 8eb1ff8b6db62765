/**
 * The groups of the OpenAPI document.
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
  {
    name: "email",
    description: "Mails of the platform: what was sent, what they look like, the hook of Supabase Auth",
  },
  { name: "jobs", description: "Background work that is no step of a run: what waits, what failed, and how to go on" },
  { name: "admin", description: "Operators: limits by hand, blocked networks, security events" },
  { name: "audit", description: "Who did what, sealed and signed; and what happened lately, for members" },
  { name: "people", description: "Who you are and what you may do" },
  { name: "organizations", description: "Organizations, their members and workspaces" },
  { name: "keys", description: "API keys, with which programs call" },
  { name: "billing", description: "What the organization buys, uses, pays for, and may spend; its invoices" },
  { name: "health", description: "Whether the service works" },
  { name: "worker", description: "For pg_cron and operators" },
  { name: "api", description: "What the API says about itself" },
];
