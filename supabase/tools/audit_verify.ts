/**
 * `deno task audit:verify`: proves that the audit log is what was sealed and signed, or shows where it is not.
 *
 * Exit codes: 0 all is whole, 1 something is broken (the first place is printed first), 2 wrong arguments.
 *
 * @module
 */
import { parseArgs } from "node:util";
import postgres from "postgres";
import type { AuditAnchor, AuditPublicKey, AuditReport } from "../../shared/audit/mod.ts";
import { verifyAudit, type VerifyAuditOptions } from "./_verify_audit.ts";

const USAGE = `Usage: deno task audit:verify [--database-url URL] [--organization ID] [--key FILE] [--anchor FILE]

  --database-url URL   the database, as its owner; default: the environment variable DATABASE_URL
  --organization ID    only the log of this organization
  --key FILE           public keys to trust, as JWK or JSON Web Key Set (GET /audit/keys, kept since); without it the
                       keys in the database itself are believed
  --anchor FILE        an end of the log that was saved before: finds what was cut off or rewritten with its seals
  --save-anchor FILE   save the end of the log there, when all is whole`;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

if (import.meta.main) Deno.exit(await main(Deno.args, Deno.env.get("DATABASE_URL"), console.log));

/**
 * Runs the command.
 *
 * @param fallbackUrl the database when none is named
 * @param print takes a line for people
 * @returns the exit code
 */
export async function main(
  args: string[],
  fallbackUrl: string | undefined,
  print: (line: string) => void,
): Promise<number> {
  let values;
  try {
    const text = { type: "string" } as const;
    values = parseArgs({
      args,
      options: { "database-url": text, organization: text, key: text, anchor: text, "save-anchor": text },
    }).values;
  } catch (error) {
    print(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  const url = values["database-url"] ?? fallbackUrl;
  if (url === undefined || (values.organization !== undefined && !UUID.test(values.organization))) {
    print(`${url === undefined ? "Which database?" : "--organization takes an id"}\n\n${USAGE}`);
    return 2;
  }
  const options: VerifyAuditOptions = values.organization === undefined ? {} : { organizationId: values.organization };
  try {
    if (values.key !== undefined) options.keys = readKeys(await Deno.readTextFile(values.key));
    if (values.anchor !== undefined) options.anchor = JSON.parse(await Deno.readTextFile(values.anchor)) as AuditAnchor;
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return 2;
  }
  const sql = postgres(url, { max: 3, onnotice: () => {} });
  try {
    const report = await verifyAudit(sql, options);
    for (const line of describe(report, options)) print(line);
    if (report.faults.length > 0) return 1;
    if (values["save-anchor"] !== undefined && report.head !== null) {
      await Deno.writeTextFile(values["save-anchor"], JSON.stringify(report.head) + "\n");
    }
    return 0;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

function readKeys(text: string): AuditPublicKey[] {
  const value = JSON.parse(text);
  return (Array.isArray(value.keys) ? value.keys : [value]) as AuditPublicKey[];
}

/** The report for people: the first fault first. */
function describe(report: AuditReport, options: VerifyAuditOptions): string[] {
  const lines: string[] = [];
  for (const fault of report.faults.slice(0, 20)) {
    const place = [
      fault.organization_id === null ? "" : `organization ${fault.organization_id}`,
      fault.batch === null ? "" : `seal ${fault.batch}`,
      fault.seq === null ? "" : `row ${fault.seq}`,
      fault.row_id === null ? "" : `(${fault.row_id})`,
    ].filter((part) => part !== "").join(" ");
    lines.push(`BROKEN ${fault.kind}: ${fault.message}${place === "" ? "" : `: ${place}`}`);
  }
  if (report.faults.length > 20) lines.push(`… and ${report.faults.length - 20} further places`);
  lines.push(
    `${report.rows} rows hashed again, ${report.batches} seals of ${report.organizations} organizations checked`,
  );
  if (report.dropped_rows > 0) {
    lines.push(
      `${report.dropped_rows} rows were dropped by retention: their seals are checked, what they said is gone`,
    );
  }
  if (report.unsealed_rows > 0) {
    lines.push(`${report.unsealed_rows} rows are too new to be sealed: nothing is proven of them`);
  }
  if (report.unsigned_batches > 0) lines.push(`${report.unsigned_batches} seals are too new to be signed`);
  if (options.keys === undefined) {
    lines.push("The keys were taken from the database itself: name those you kept with --key");
  }
  if (options.anchor === undefined) {
    lines.push("Without --anchor, a log that was cut off together with its seals cannot be told from a shorter one");
  }
  if (report.head !== null) lines.push(`The log ends with seal ${report.head.number}: ${report.head.link}`);
  lines.push(report.faults.length === 0 ? "The log is whole" : "The log is broken");
  return lines;
}
