/**
 * Large outputs: to Storage before a step is recorded, back before a step reads them.
 *
 * A reference can stand where the engine recorded the output of a step, and nowhere else: in a step, in the value of an
 * item of a region (its steps' outputs), in the output of a run (its last step's). It stays one until somebody reads it.
 *
 * @module
 */
import {
  type BlobReference,
  INLINE_BYTES,
  isReserved,
  type LargeValues,
  MAX_BLOB_BYTES,
  readReference,
} from "../blobs/mod.ts";
import { isAppError } from "../errors/mod.ts";
import { isObject, type Json } from "../graph/mod.ts";
import { type ItemResult, NodeError } from "../nodes/mod.ts";
import type { StepAttempt, StepSurroundings } from "./execute_node.ts";
import { MAX_INLINE_BYTES, measureStorable } from "./storable.ts";
import type { Job } from "./types.ts";

/** What moves outputs to Storage and back. */
export type OutputStore = Pick<LargeValues, "keep" | "load">;

/** What of the surroundings is needed. */
type Surroundings = Pick<StepSurroundings, "values" | "signal">;

/** Downloads at once for one step. */
const DOWNLOADS = 8;

/** Storage failed us: not the node's fault. Worth another attempt when `retryable`. */
export class StorageFailure extends NodeError {}

/** An output, and what is recorded of it. */
export interface KeptOutput {
  value: Json;
  /** The value, or a reference to it. */
  kept: Json;
}

/**
 * Makes the output of a step ready to be recorded.
 *
 * @throws {NodeError} `output_too_large`; `internal` when it is no JSON; {@linkcode StorageFailure}.
 */
export async function keepOutput(output: unknown, job: Job, { values, signal }: Surroundings): Promise<KeptOutput> {
  const { value, length } = measureStorable(output, values === undefined ? MAX_INLINE_BYTES : MAX_BLOB_BYTES);
  const reserved = isReserved(value);
  // Nearly all are small, and cost nothing here. UTF-8 has at most three bytes for each UTF-16 unit.
  if (!reserved && length * 3 <= INLINE_BYTES) return { value, kept: value };
  if (values !== undefined) {
    return { value, kept: await storage("stored", () => values.keep(job.organization_id, value, signal)) };
  }
  if (reserved) throw new StorageFailure("Storage is not set up", { code: "provider_error" });
  return { value, kept: value };
}

/** Loads the value of what was recorded, if that is a reference. */
async function loadRecorded(recorded: Json, job: Job, surroundings: Surroundings): Promise<Json> {
  const reference = readReference(recorded);
  return reference === null ? recorded : await loadReference(reference, job, surroundings);
}

/** Loads what a reference stands for. */
export async function loadReference(
  reference: BlobReference,
  job: Job,
  { values, signal }: Surroundings,
): Promise<Json> {
  if (values === undefined) throw new StorageFailure("Storage is not set up", { code: "provider_error" });
  return await storage("read", () => values.load(job.organization_id, reference, signal));
}

/**
 * A step with everything loaded that its node reads: outputs of earlier steps, the values of the items of its region,
 * the iteration before, the output of the run it waited for.
 *
 * @throws {NodeError} `output_too_large` for items that are too large together; {@linkcode StorageFailure}.
 */
export async function loadReads(step: StepAttempt, surroundings: Surroundings): Promise<StepAttempt> {
  const { position: { node, payload }, job, scope } = step;
  await scope.load(node.reads, (reference) => loadReference(reference, job, surroundings));
  const { close, again, wait, resolved } = payload ?? {};
  if (close !== undefined && job.items?.some(({ value }) => refersTo(value))) {
    return { ...step, job: { ...job, items: await loadItems(job.items, job, surroundings) } };
  }
  if (again !== undefined && refersTo(again.last)) {
    const last = await loadValue(again.last, job, surroundings);
    return { ...step, position: { ...step.position, payload: { ...payload, again: { ...again, last } } } };
  }
  // Only Postgres says what became of a run; everything else that ends a wait was sent by somebody.
  if (wait?.kind === "run" && resolved?.by === "run" && isObject(resolved.data) && refersTo(resolved.data["output"])) {
    const output = await loadRecorded(resolved.data["output"] ?? null, job, surroundings);
    const known = { ...resolved, data: { ...resolved.data, output } };
    return { ...step, position: { ...step.position, payload: { ...payload, resolved: known } } };
  }
  return step;
}

async function loadItems(items: ItemResult[], job: Job, surroundings: Surroundings): Promise<ItemResult[]> {
  const bytes = items.flatMap(({ value }) => referencesIn(value)).reduce((sum, reference) => sum + reference.bytes, 0);
  if (bytes > MAX_BLOB_BYTES) {
    throw new NodeError(`The items gave more than ${MAX_BLOB_BYTES} bytes together`, { code: "output_too_large" });
  }
  const loaded: ItemResult[] = [];
  for (let first = 0; first < items.length; first += DOWNLOADS) {
    loaded.push(
      ...await Promise.all(
        items.slice(first, first + DOWNLOADS).map(async (item) =>
          refersTo(item.value) ? { ...item, value: await loadValue(item.value ?? null, job, surroundings) } : item
        ),
      ),
    );
  }
  return loaded;
}

/** The value of an item: one recorded output, or a list of them when the item left over several exits. */
async function loadValue(value: Json, job: Job, surroundings: Surroundings): Promise<Json> {
  if (!Array.isArray(value)) return await loadRecorded(value, job, surroundings);
  return await Promise.all(value.map((output) => loadRecorded(output, job, surroundings)));
}

function refersTo(value: Json | undefined): boolean {
  return referencesIn(value).length > 0;
}

function referencesIn(value: Json | undefined): BlobReference[] {
  return (Array.isArray(value) ? value : [value]).flatMap((output) => readReference(output) ?? []);
}

/** Names what Storage could not do in the words of steps. */
async function storage<T>(what: "stored" | "read", work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isAppError(error)) throw error;
    const retryable = error.code === "service_unavailable";
    throw new StorageFailure(`A large output could not be ${what}${retryable ? ": Storage is away" : ""}`, {
      code: "provider_error",
      retryable,
      cause: error,
      // Before the effect: it is known that nothing has happened.
      ...(what === "read" && { details: { status: 503 } }),
    });
  }
}
