import type { Router } from "../../shared/http/mod.ts";

// Each import is written out: the Supabase CLI packs only what it can read off the text. Each is a promise of its own,
// so that a request loads the code of the one function it is for.
const flows = async (): Promise<Router> => (await import("../flows/router.ts")).router;
const templates = async (): Promise<Router> => (await import("../templates/router.ts")).router;
const runs = async (): Promise<Router> => (await import("../runs/router.ts")).router;
const entities = async (): Promise<Router> => (await import("../entities/router.ts")).router;
const nodes = async (): Promise<Router> => (await import("../nodes/router.ts")).router;
const hooks = async (): Promise<Router> => (await import("../hooks/router.ts")).router;
const webhooks = async (): Promise<Router> => (await import("../webhooks/router.ts")).router;
const secrets = async (): Promise<Router> => (await import("../secrets/router.ts")).router;
const schedules = async (): Promise<Router> => (await import("../schedules/router.ts")).router;
const email = async (): Promise<Router> => (await import("../email/router.ts")).router;
const jobs = async (): Promise<Router> => (await import("../jobs/router.ts")).router;
const admin = async (): Promise<Router> => (await import("../admin/router.ts")).router;
const keys = async (): Promise<Router> => (await import("../keys/router.ts")).router;
const billing = async (): Promise<Router> => (await import("../billing/router.ts")).router;
const orgs = async (): Promise<Router> => (await import("../orgs/router.ts")).router;
const stats = async (): Promise<Router> => (await import("../flows/router.ts")).statsRouter;
const auth = async (): Promise<Router> => (await import("../orgs/router.ts")).authRouter;
const invitations = async (): Promise<Router> => (await import("../orgs/router.ts")).invitationsRouter;
const audit = async (): Promise<Router> => (await import("../audit/router.ts")).router;
const activity = async (): Promise<Router> => (await import("../audit/router.ts")).activityRouter;
const health = async (): Promise<Router> => (await import("../health/router.ts")).router;

/** The functions that answer under `/v1`, by their own names, in the order of the documentation. */
export const FUNCTIONS = {
  flows,
  templates,
  runs,
  entities,
  nodes,
  webhooks,
  hooks,
  schedules,
  secrets,
  email,
  jobs,
  keys,
  billing,
  orgs,
  admin,
  audit,
  health,
} as const;

/** Other names under which they answer: those that frontends of the first version use. */
const ALIASES = {
  workflows: flows,
  canvas: flows,
  executions: runs,
  workers: nodes,
  stats,
  auth,
  invitations,
  activity,
} as const;

/** What `api` mounts. */
export const mounts = { prefix: "/v1", routers: { ...FUNCTIONS, ...ALIASES } } as const;
