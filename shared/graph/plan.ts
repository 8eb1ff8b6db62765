import type { Plan } from "./types.ts";

/** The shape of the plans that this code makes and runs. */
export const PLAN_VERSION = 1;

/** What reading a stored plan gives: `version` means compile again, `malformed` means it never was a plan. */
export type PlanResult = { ok: true; plan: Plan } | { ok: false; reason: "version" | "malformed"; message: string };

/** Reads a stored plan. */
export function parsePlan(_value: unknown): PlanResult {
  throw new Error("Not built yet");
}
