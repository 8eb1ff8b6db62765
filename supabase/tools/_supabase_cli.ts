/**
 * Runs the real Supabase CLI, fetched by npx, without touching the settings of the person at the machine.
 *
 * @module
 */

/** The version everything here was tried with. */
const SUPABASE_CLI = "supabase@3.1.0";

/** How a run of the CLI ended. */
export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Options of {@linkcode runSupabaseCli}. */
export interface RunSupabaseCliOptions {
  /** Folder to run in. Default: an empty one, so that no config.toml is read. */
  cwd?: string | URL;
  /** Further environment variables. */
  env?: Record<string, string>;
}

/**
 * @param args as after `supabase` on a command line
 * @throws {Error} when npx cannot be run at all
 */
export async function runSupabaseCli(args: string[], options: RunSupabaseCliOptions = {}): Promise<CliResult> {
  const home = await Deno.makeTempDir({ prefix: "millrace-cli-" });
  try {
    const windows = Deno.build.os === "windows";
    const { code, stdout, stderr } = await new Deno.Command(windows ? "npx.cmd" : "npx", {
      args: ["--yes", SUPABASE_CLI, ...args],
      cwd: options.cwd ?? home,
      env: {
        SUPABASE_HOME: home,
        SUPABASE_NO_KEYRING: "1",
        SUPABASE_NO_UPDATE_NOTIFIER: "1",
        SUPABASE_TELEMETRY_DISABLED: "1",
        DO_NOT_TRACK: "1",
        NO_COLOR: "1",
        ...options.env,
      },
      stdin: "null",
    }).output();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("Cannot run the Supabase CLI: npx is missing, install Node.js and npm", { cause: error });
  } finally {
    await Deno.remove(home, { recursive: true }).catch(() => {});
  }
}
