/**
 * `deno task test`: runs everything, on a machine where nothing runs yet.
 *
 * The last line is `N passed, N failed`, the sum over all phases; a phase that breaks down counts as one failure.
 *
 * @module
 */
import { parseArgs, stripVTControlCharacters } from "node:util";
import { REPOSITORY } from "../local/schema_files.ts";
import { startPostgres } from "../../tests/helpers/postgres.ts";

/** The Deno that Supabase's edge runtime is compatible with. */
const EDGE_DENO = "deno@2.1.4";

/** This old one trusts only its own list of authorities; the newer Deno and npm also those of the machine. */
const EDGE_ENV = { DENO_TLS_CA_STORE: "system,mozilla" };

const USAGE = `Usage: deno task test [PATH…] [--filter TEXT] [--fast]

  PATH…          only the tests in these files or folders, under this Deno only
  --filter TEXT  only tests whose name contains TEXT, under this Deno only
  --fast         leave out what takes long: end to end, chaos, and Deno 2.1.4`;

/** Folders whose tests run one after the other, with the machine for themselves. */
const ALONE = ["tests/e2e", "tests/chaos"];

/** Test files at once. One more than processors: most of them wait for Postgres half the time. */
const JOBS = String(Math.min(navigator.hardwareConcurrency + 1, 8));

/** Longest time a phase may take, seconds: a test that hangs must not hang the machine. */
const PHASE_SECONDS = 1_800;

/** How much of the reason of a failure is told again at the end: whoever sees only that end can begin there. */
const REASON_CHARACTERS = 3_000;

/** A command whose outcome is counted. */
interface Phase {
  title: string;
  command: string[];
  env?: Record<string, string>;
  /** Where `deno test` leaves its counts; without one the exit code is the only test. */
  report?: string;
}

/** How many tests went how. */
interface Tally {
  passed: number;
  failed: number;
  /** Those that failed: file, name and reason. */
  failures: string[];
  /** Those that have no result: file and name. */
  skipped: string[];
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  let options;
  try {
    options = parseArgs({
      args,
      options: { filter: { type: "string" }, fast: { type: "boolean", default: false } },
      allowPositionals: true,
    });
  } catch {
    console.error(USAGE);
    return 2;
  }
  const { filter, fast } = options.values;
  const reports = await Deno.makeTempDir({ prefix: "millrace-tests-" });
  const server = await startPostgres();
  try {
    const tally: Tally = { passed: 0, failed: 0, failures: [], skipped: [] };
    for (const phase of await phases(reports, server.url, { paths: options.positionals, filter, fast })) {
      add(tally, await run(phase));
    }
    if (tally.failed > 0) console.log(`\nfailed:\n${tally.failures.join("\n")}\n`);
    console.log(`${tally.passed} passed, ${tally.failed} failed`);
    return tally.failed === 0 ? 0 : 1;
  } finally {
    await server.stop();
    await Deno.remove(reports, { recursive: true });
  }
}

/** What to run, in order. */
async function phases(
  reports: string,
  databaseUrl: string,
  { paths, filter, fast }: { paths: string[]; filter: string | undefined; fast: boolean },
): Promise<Phase[]> {
  const deno = Deno.execPath();
  const some = filter === undefined ? [] : [`--filter=${filter}`];
  const test = (title: string, command: string[], env: Record<string, string> = {}): Phase => {
    const report = `${reports}/${title.replaceAll(/\W+/g, "_")}.xml`;
    return { title, report, env, command: [...command, ...some, `--junit-path=${report}`] };
  };
  if (paths.length > 0) return [test("chosen tests", [deno, "test", "-A", ...paths])];

  const list = [
    test(
      "unit and database tests",
      [deno, "test", "-A", "--parallel", `--ignore=${ALONE.join()}`],
      { DENO_JOBS: JOBS },
    ),
  ];
  if (fast) return list;
  for (const folder of await existing(ALONE)) {
    list.push(test(folder, [deno, "test", "-A", folder]));
  }
  if (filter !== undefined) return list;
  const edge = [Deno.build.os === "windows" ? "npx.cmd" : "npx", "--yes", EDGE_DENO];
  const deployed = await existing(["shared", "functions"]);
  const files = (await Promise.all(deployed.map((folder) => typescriptFiles(folder)))).flat()
    .filter((file) => !file.endsWith("_test.ts"));
  list.push({ title: "types under Deno 2.1.4", command: [...edge, "check", "--no-lock", ...files], env: EDGE_ENV });
  list.push(
    test("shared and functions under Deno 2.1.4", [
      ...edge,
      "test",
      "-A",
      "--parallel",
      "--no-lock",
      "--no-check",
      ...deployed,
    ], {
      ...EDGE_ENV,
      DENO_JOBS: JOBS,
      TEST_DATABASE_URL: databaseUrl,
    }),
  );
  return list;
}

async function run({ title, command: [program, ...args], env = {}, report }: Phase): Promise<Tally> {
  const started = performance.now();
  console.log(`\n=== ${title}`);
  const child = new Deno.Command(program!, { args, env, cwd: REPOSITORY }).spawn();
  const limit = setTimeout(() => child.kill("SIGTERM"), PHASE_SECONDS * 1000);
  const { code, signal } = await child.status;
  clearTimeout(limit);
  const tally = report === undefined ? { passed: 0, failed: 0, failures: [], skipped: [] } : await readReport(report);
  if (report === undefined && code === 0) tally.passed = 1;
  if (code !== 0) {
    if (tally.failed === 0) add(tally, { passed: 0, failed: 1, failures: [title], skipped: [] });
    // Under Deno 2.1 a test that waits for what can no longer come is in the report as if it had been left out.
    for (const name of tally.skipped) tally.failures.push(`  ${name}: left out, or never ended`);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const end = signal === null
    ? ""
    : `, ended by ${signal}${Number(seconds) < PHASE_SECONDS ? "" : ": it took too long"}`;
  console.log(`=== ${title}: ${tally.passed} passed, ${tally.failed} failed in ${seconds} s${end}`);
  return tally;
}

/** The counts of a JUnit report; nothing when the run did not come so far. */
async function readReport(path: string): Promise<Tally> {
  const xml = await Deno.readTextFile(path).catch(() => "");
  const cases = xml.split("<testcase ").slice(1);
  const failures = cases.filter((text) => text.includes("<failure")).map((text) => {
    const why = /<failure[^>]*>([^<]*)/.exec(text)?.[1] ?? "";
    return plain(`  ${nameOf(text)}\n    ${why.trim().slice(0, REASON_CHARACTERS).replaceAll("\n", "\n    ")}`);
  });
  const skipped = cases.filter((text) => text.includes("<skipped")).map((text) => plain(nameOf(text)));
  return { passed: cases.length - failures.length - skipped.length, failed: failures.length, failures, skipped };
}

/** The file and name of a test in a JUnit report, still escaped. */
function nameOf(testcase: string): string {
  const [file, name] = ["classname", "name"].map((key) => new RegExp(`\\b${key}="([^"]*)"`).exec(testcase)?.[1] ?? "");
  return `${file}: ${name}`;
}

/** What XML has escaped, without the colours of a terminal. */
function plain(text: string): string {
  const entities: Record<string, string> = { gt: ">", lt: "<", quot: '"', apos: "'", amp: "&" };
  return stripVTControlCharacters(text.replaceAll(/&(\w+);/g, (all, name) => entities[name] ?? all));
}

async function existing(folders: string[]): Promise<string[]> {
  const found = await Promise.all(folders.map(async (folder) => {
    return (await typescriptFiles(folder)).some((file) => file.endsWith("_test.ts")) ? [folder] : [];
  }));
  return found.flat();
}

/** Every TypeScript file below a folder of the repository; none when there is no such folder. */
async function typescriptFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  try {
    for await (const entry of Deno.readDir(new URL(`${folder}/`, REPOSITORY))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) files.push(...await typescriptFiles(path));
      else if (entry.name.endsWith(".ts")) files.push(path);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files;
}

function add(total: Tally, part: Tally): void {
  total.passed += part.passed;
  total.failed += part.failed;
  total.failures.push(...part.failures);
}
