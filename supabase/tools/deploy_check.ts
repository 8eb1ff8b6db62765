/**
 * `deno task deploy:check`: packs every function with the real Supabase CLI, sends the packages to a stand-in for the
 * Management API, and looks at what would be deployed.
 *
 * The CLI goes on with a mere warning when a file is missing, follows imports that are commented out, and does not see
 * computed ones. So the uploaded files are held against the modules that Deno itself finds from each entrypoint.
 * Exit code 0 when all is well, 1 otherwise.
 *
 * @module
 */
import { parse } from "deno-std/toml/mod.js";
import { REPOSITORY } from "../local/schema_files.ts";
import { startManagementApi, type UploadedFunction } from "./_stand_in_management_api.ts";
import { runSupabaseCli } from "./_supabase_cli.ts";

/** Largest package the platform takes, bytes. https://supabase.com/docs/guides/functions/limits */
const MAX_BYTES = 20 * 1024 * 1024;

/** A function as it would be deployed. */
export interface PackedFunction {
  slug: string;
  files: number;
  bytes: number;
}

/** What {@link checkDeployment} found. */
export interface DeploymentReport {
  functions: PackedFunction[];
  /** One sentence each; empty when everything can be deployed. */
  problems: string[];
}

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const { functions, problems } = await checkDeployment(REPOSITORY);
  for (const { slug, files, bytes } of functions) {
    console.log(`${slug.padEnd(12)} ${String(files).padStart(4)} files ${(bytes / 1024).toFixed(0).padStart(6)} KiB`);
  }
  for (const problem of problems) console.error(`problem: ${problem}`);
  if (problems.length === 0) console.log(`${functions.length} functions can be deployed`);
  return problems.length === 0 ? 0 : 1;
}

/**
 * @param root folder with `supabase/config.toml` and `functions/`
 * @throws {Error} when the CLI cannot be run
 */
export async function checkDeployment(root: URL): Promise<DeploymentReport> {
  const configured = await configuredFunctions(root);
  const problems = await folderProblems(root, configured);
  const { uploads, complaints } = await deployToStandIn(root);
  problems.push(...complaints);
  for (const [slug, entrypoint] of configured) {
    const upload = uploads.find((candidate) => candidate.slug === slug);
    if (!upload) problems.push(`${slug}: the CLI uploaded nothing`);
    else problems.push(...(await packageProblems(root, entrypoint, upload)).map((problem) => `${slug}: ${problem}`));
  }
  return {
    functions: uploads.map(({ slug, files }) => ({ slug, files: files.size, bytes: sum(files.values()) }))
      .sort((a, b) => a.slug < b.slug ? -1 : 1),
    problems,
  };
}

/** Slug → entrypoint from the root, as config.toml says. */
async function configuredFunctions(root: URL): Promise<Map<string, string>> {
  const config: { functions?: Record<string, { enabled?: boolean; entrypoint?: string }> } = parse(
    await Deno.readTextFile(new URL("supabase/config.toml", root)),
  );
  const active = Object.entries(config.functions ?? {}).filter(([, settings]) => settings.enabled !== false);
  return new Map(active.map(([slug, { entrypoint }]) => {
    const url = new URL(entrypoint ?? `functions/${slug}/index.ts`, new URL("supabase/", root));
    return [slug, url.href.slice(root.href.length)];
  }));
}

/** A folder that nobody deploys, and an entry without a folder. */
async function folderProblems(root: URL, configured: Map<string, string>): Promise<string[]> {
  const folders: string[] = [];
  for await (const entry of Deno.readDir(new URL("functions/", root))) {
    if (entry.isDirectory) folders.push(entry.name);
  }
  const missing = folders.filter((name) => !configured.has(name)).map((name) =>
    `functions/${name} is not in supabase/config.toml`
  );
  const stray = [...configured].filter(([slug]) => !folders.includes(slug)).map(([slug]) =>
    `config.toml names ${slug}, but there is no functions/${slug}`
  );
  return [...missing, ...stray].sort();
}

/** Runs the CLI against the stand-in. Complaints are its warnings and errors. */
async function deployToStandIn(root: URL): Promise<{ uploads: UploadedFunction[]; complaints: string[] }> {
  const api = startManagementApi();
  const folder = await Deno.makeTempDir({ prefix: "millrace-deploy-" });
  try {
    const profile = `${folder}/stand_in.yaml`;
    await Deno.writeTextFile(
      profile,
      `name: stand_in\napi_url: ${api.url}\ndashboard_url: ${api.url}\nproject_host: example.com\n`,
    );
    const { code, stdout, stderr } = await runSupabaseCli([
      "functions",
      "deploy",
      "--use-api",
      "--yes",
      "--remote=" + "a".repeat(20),
      `--profile=${profile}`,
      `--workdir=${decodeURIComponent(root.pathname)}`,
    ], { env: { SUPABASE_ACCESS_TOKEN: `sbp_${"0".repeat(40)}` } });
    const warnings = `${stdout}\n${stderr}`.split("\n").map((line) => line.trim()).filter((line) =>
      /\bWARN/.test(line)
    );
    return {
      uploads: api.uploads,
      complaints: code === 0 ? warnings : [...warnings, `The CLI failed: ${lastLine(stdout)} ${lastLine(stderr)}`],
    };
  } finally {
    await api.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

async function packageProblems(root: URL, entrypoint: string, upload: UploadedFunction): Promise<string[]> {
  const reached = await reachedFiles(root, entrypoint);
  const uploaded = [...upload.files.keys()];
  const importMap = upload.metadata.import_map_path;
  const bytes = sum(upload.files.values());
  return [
    ...(upload.metadata.entrypoint_path === entrypoint ? [] : [`the entrypoint is ${upload.metadata.entrypoint_path}`]),
    ...(importMap !== undefined && uploaded.includes(importMap) ? [] : ["no import map is uploaded: set import_map"]),
    ...reached.filter((file) => !uploaded.includes(file)).map((file) => `${file} is needed but not uploaded`),
    ...uploaded.filter((file) => file !== importMap && !reached.includes(file)).map((file) =>
      `${file} is uploaded but not needed`
    ),
    ...uploaded.filter((file) => /_test\.tsx?$/.test(file)).map((file) => `${file} is a test`),
    ...(bytes <= MAX_BYTES ? [] : [`${bytes} bytes are more than the platform takes`]),
  ];
}

/** The files of the repository that an entrypoint needs, as Deno resolves them. */
async function reachedFiles(root: URL, entrypoint: string): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "--config", new URL("deno.json", root).pathname, entrypoint],
    cwd: root,
  }).output();
  if (!success) throw new Error(`Cannot resolve ${entrypoint}: ${new TextDecoder().decode(stderr)}`);
  const { modules }: { modules: { specifier: string }[] } = JSON.parse(new TextDecoder().decode(stdout));
  return modules.map(({ specifier }) => specifier)
    .filter((specifier) => specifier.startsWith(root.href))
    .map((specifier) => specifier.slice(root.href.length));
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
