/**
 * Looks for credentials in what is about to be committed, or with `--all` in every file that Git tracks.
 *
 * A line that only looks like one carries the words `not a secret` in a comment. Exit code 1 when something was found.
 *
 * @module
 */
import { REPOSITORY } from "../local/schema_files.ts";

/** What credentials look like, by what they open. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  "private key": /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/,
  "Supabase access token": /\bsbp_(?:oauth_)?[0-9a-f]{40}\b/,
  "Supabase secret key": /\bsb_secret_[A-Za-z0-9_-]{22,}/,
  "Millrace API key": /\bmr_live_[0-9A-Za-z]{22,}/,
  "Stripe key": /\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}/,
  "webhook signing secret": /\bwhsec_[A-Za-z0-9+/]{32,}/,
  "Resend key": /\bre_[A-Za-z0-9]{8,}_[A-Za-z0-9]{16,}/,
  "GitHub token": /\bgh[opsu]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{40,}/,
  "AWS key": /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  "Google key": /\bAIza[0-9A-Za-z_-]{35}\b/,
  "Slack token": /\bxox[abeoprs]-[0-9A-Za-z-]{20,}/,
  "model provider's key": /\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}/,
  "JSON Web Token": /\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/,
  "password in a database address":
    /\bpostgres(?:ql)?:\/\/[^\s:@/]+:(?!password@|\[|\$|<)[^\s@/]{6,}@(?!127\.|[\w.-]*\bexample\.)[a-z0-9-]+\.[a-z0-9.-]+/,
};

/** Said in a comment of a line that is known to be harmless. */
const HARMLESS = /not a secret/i;

/** Secrets that a standard prints as test vectors. */
const PUBLISHED: readonly string[] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];

/** Made up by hand: a character six times in a row, or a stretch of the alphabet or of the digits. */
const PLACEHOLDER = /(.)\1{5}|01234567|12345678|abcdefgh/i;

/** A line that looks like a credential. */
export interface Finding {
  path: string;
  line: number;
  /** What it looks like. */
  kind: string;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  const findings = args.includes("--all") ? await scanTrackedFiles(REPOSITORY) : await scanStagedLines(REPOSITORY);
  for (const { path, line, kind } of findings) console.error(`${path}:${line}: this looks like a ${kind}`);
  if (findings.length > 0) console.error("Take it out and revoke it, or say `not a secret` in a comment of the line");
  return findings.length === 0 ? 0 : 1;
}

/**
 * Looks for credentials in a text.
 *
 * @param path for the findings
 * @param firstLine number of the text's first line
 */
export function scanText(path: string, text: string, firstLine = 1): Finding[] {
  return text.split("\n").flatMap((line, index) => {
    if (HARMLESS.test(line)) return [];
    return Object.entries(PATTERNS).flatMap(([kind, pattern]) => {
      const found = pattern.exec(line)?.[0];
      const harmless = found === undefined || PUBLISHED.includes(found) || PLACEHOLDER.test(found);
      return harmless ? [] : [{ path, line: firstLine + index, kind }];
    });
  });
}

/** Scans the lines that the index adds to the last commit. */
export async function scanStagedLines(root: URL): Promise<Finding[]> {
  const diff = await git(root, "diff", "--cached", "--unified=0", "--no-color", "--no-ext-diff", "--text");
  const findings: Finding[] = [];
  let path = "";
  let line = 0;
  for (const text of diff.split("\n")) {
    const hunk = /^@@ -\S+ \+(\d+)/.exec(text);
    if (text.startsWith("+++ ")) path = text.slice(4).replace(/^"?b\//, "").replace(/"$/, "");
    else if (hunk) line = Number(hunk[1]);
    else if (text.startsWith("+")) findings.push(...scanText(path, text.slice(1), line++));
  }
  return findings;
}

/** Scans the files of the working tree that Git tracks. */
async function scanTrackedFiles(root: URL): Promise<Finding[]> {
  const paths = (await git(root, "ls-files", "-z")).split("\0").filter(Boolean);
  const findings = await Promise.all(paths.map(async (path) => {
    const text = await Deno.readTextFile(new URL(encodeURI(path), root)).catch(() => "");
    return scanText(path, text);
  }));
  return findings.flat();
}

async function git(root: URL, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", { args, cwd: root }).output();
  if (!success) throw new Error(`git ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
