/** One thing that `deno task check:config` found out. */
export interface Finding {
  /** ok = as it should be; note = worth knowing, nothing is broken; problem = something does not work. */
  readonly level: "ok" | "note" | "problem";
  /** A variable, or a part of the deployment. */
  readonly about: string;
  /** A sentence. Never a value of the environment. */
  readonly message: string;
  /** What would be right. */
  readonly expected?: string;
  /** Where it is written. */
  readonly documentation?: string;
}

/** The findings of one level. */
export function ofLevel(findings: readonly Finding[], level: Finding["level"]): Finding[] {
  return findings.filter((finding) => finding.level === level);
}
