/**
 * What was refused, told to the database a moment later: security events, and blocks of addresses that guess. No answer
 * waits for it, and a thousand refusals cost one call.
 *
 * @module
 */
import { adminClient, rpc } from "../db/mod.ts";
import { AppError } from "../errors/mod.ts";
import type { AppRuntime, RequestState } from "./_state.ts";
import { outsideAddress } from "./_outside_address.ts";
import { waitUntil } from "./wait_until.ts";

/** Milliseconds for which refusals are gathered. */
const GATHER_MS = 200;
/** Different refusals of one call; further ones in that moment are lost, which is said. */
const MAX_GATHERED = 500;
/** So many ids that were not there, of one caller within a minute, are no mistyped address. */
const PROBING = 20;
const PROBING_MS = 60_000;
/** Callers whose ids that were not there are counted at once. */
const MAX_PROBERS = 1_000;

/** A refusal as `engine.note_refusals` takes it. */
interface Refusal {
  readonly kind: string;
  readonly organization_id: string | null;
  readonly user_id: string | null;
  readonly key_id: string | null;
  readonly ip: string | null;
  readonly agent: string | null;
  readonly request_id: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Whether it counts towards a block of the address. */
  readonly counts: boolean;
  occurrences: number;
}

interface Gathering {
  readonly refusals: Map<string, Refusal>;
  lost: number;
}

interface Block {
  readonly ip: string;
  /** Null = until it is lifted. */
  readonly until: string | null;
}

interface Probing {
  readonly since: number;
  count: number;
}

const probings = new WeakMap<AppRuntime, Map<string, Probing>>();
const gatherings = new WeakMap<AppRuntime, Gathering>();
/** Addresses that this isolate knows to be blocked → until when, in milliseconds. */
const blocked = new WeakMap<AppRuntime, Map<string, number>>();

/** The longest that an isolate keeps a block in mind without asking: it may have been lifted. */
const REMEMBER_MS = 10_000;
/** An address that sends no credential is asked about again after this. */
const ASK_AGAIN_MS = 1_000;
/** Addresses for which is remembered when they were asked about. */
const MAX_ASKED = 1_000;
/** Different ones of a moment; more would take the place of what was refused. */
const MAX_ASKED_AT_ONCE = 100;

/** Addresses → when they were last asked about, in milliseconds. */
const asked = new WeakMap<AppRuntime, Map<string, number>>();

/**
 * Refuses an address that this isolate knows to be blocked. The database is not asked: it decides in the gate.
 *
 * @throws {AppError} `ip_blocked`.
 */
export function requireOpenAddress({ runtime, ip }: RequestState): void {
  const until = ip === null ? undefined : blocked.get(runtime)?.get(ip);
  if (until === undefined) return;
  if (until > Date.now()) throw new AppError("ip_blocked", { detail: "No requests are taken from this address" });
  blocked.get(runtime)?.delete(ip!);
}

/**
 * Asks in the background whether an address is blocked, for requests that reach no database: one that comes again after a
 * second is refused by every isolate that it comes to. Costs an isolate five calls a second at the most, whoever calls.
 */
export function askAboutAddress(state: RequestState): void {
  const { runtime, ip } = state;
  if (ip === null || outsideAddress(ip) === null) return;
  const known = asked.get(runtime) ?? new Map<string, number>();
  asked.set(runtime, known);
  const now = Date.now();
  if (now - (known.get(ip) ?? 0) < ASK_AGAIN_MS) return;
  if ((gatherings.get(runtime)?.refusals.size ?? 0) >= MAX_ASKED_AT_ONCE) return;
  if (known.size >= MAX_ASKED) known.clear();
  known.set(ip, now);
  gather(runtime, {
    // Not one that the database writes down.
    kind: "address.asked",
    organization_id: null,
    user_id: null,
    key_id: null,
    ip,
    agent: null,
    request_id: state.requestId,
    details: {},
    counts: false,
    occurrences: 1,
  });
}

/**
 * Notes the refusal that an answer was, if it was one. Where the address of the client is not known (no proxy tells it),
 * or is the platform's own, nothing is noted.
 */
export function noteRefusal(state: RequestState): void {
  const { error, runtime, operationId, gate } = state;
  if (error === null || outsideAddress(state.ip) === null) return;
  const kind = kindOf(error, state);
  if (kind === undefined) return;
  const occurrences = kind === "id.probed" ? countProbe(runtime, gate?.key?.id ?? state.userId ?? "") : 1;
  if (occurrences === 0) return;
  const refusal: Refusal = {
    kind,
    organization_id: gate?.organization_id ?? null,
    user_id: state.userId ?? gate?.user_id ?? null,
    key_id: gate?.key?.id ?? null,
    ip: state.ip,
    agent: state.agent,
    request_id: state.requestId,
    details: { code: error.code, detail: error.detail, operation: operationId },
    // A page that stays open longer than its token lives tries again and again, and guesses nothing.
    counts: kind === "credential.refused" && error.detail !== "The access token has expired",
    occurrences,
  };
  gather(runtime, refusal);
}

function kindOf(error: AppError, { credentialRefused, operationId, userId, gate }: RequestState): string | undefined {
  switch (error.code) {
    case "unauthorized":
      return credentialRefused ? "credential.refused" : undefined;
    case "forbidden":
      return "permission.denied";
    case "mfa_required":
      return "mfa.required";
    case "invalid_signature":
      // Of deliveries the database tells itself: it knows whose endpoint it was.
      return operationId?.startsWith("receiveCallback") === true ? "signature.refused" : undefined;
    case "ip_not_allowed":
      return "address.refused";
    case "not_found":
      return userId === null && gate === null ? undefined : "id.probed";
    default:
      return undefined;
  }
}

/** Counts an id that was not there; gives how many there were when they are too many, else 0. */
function countProbe(runtime: AppRuntime, caller: string): number {
  const counts = probings.get(runtime) ?? new Map<string, Probing>();
  probings.set(runtime, counts);
  const now = Date.now();
  let probing = counts.get(caller);
  if (probing === undefined || now - probing.since > PROBING_MS) {
    if (counts.size >= MAX_PROBERS) counts.clear();
    probing = { since: now, count: 0 };
    counts.set(caller, probing);
  }
  if (++probing.count < PROBING) return 0;
  counts.delete(caller);
  return probing.count;
}

function gather(runtime: AppRuntime, refusal: Refusal): void {
  let gathering = gatherings.get(runtime);
  if (gathering === undefined) {
    gathering = { refusals: new Map(), lost: 0 };
    gatherings.set(runtime, gathering);
    waitUntil(tellLater(runtime, gathering));
  }
  const { kind, organization_id, user_id, key_id, ip, counts, details } = refusal;
  const key = JSON.stringify([kind, organization_id, user_id, key_id, ip, counts, details.operation]);
  const known = gathering.refusals.get(key);
  if (known !== undefined) known.occurrences += refusal.occurrences;
  else if (gathering.refusals.size < MAX_GATHERED) gathering.refusals.set(key, refusal);
  else gathering.lost++;
}

async function tellLater(runtime: AppRuntime, gathering: Gathering): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
  gatherings.delete(runtime);
  const refusals = [...gathering.refusals.values()];
  if (gathering.lost > 0) runtime.log.warn("refusals.lost", { count: gathering.lost });
  const { env, fetch } = runtime;
  const client = adminClient(env, { fetch });
  const blocks = await rpc<Block[]>(client, "note_refusals", { p_refusals: refusals }, { schema: "engine" });
  if (blocks.length === 0) return;
  const known = blocked.get(runtime) ?? new Map<string, number>();
  blocked.set(runtime, known);
  const latest = Date.now() + REMEMBER_MS;
  for (const { ip, until } of blocks) known.set(ip, until === null ? latest : Math.min(latest, Date.parse(until)));
}
