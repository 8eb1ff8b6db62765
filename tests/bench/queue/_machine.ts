import postgres from "postgres";
import denoConfig from "../../../deno.json" with { type: "json" };
import peers from "../peers/deno.json" with { type: "json" };

/** One line: processors, load, versions. What numbers are worth without it: nothing. */
export async function describeMachine(url: string): Promise<string> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`;
    const cpu = (await Deno.readTextFile("/proc/cpuinfo").catch(() => "")).match(/model name\s*:\s*(.+)/)?.[1];
    const packages = [peers.imports["graphile-worker"], peers.imports["pg-boss"], denoConfig.imports.postgres];
    return [
      `${navigator.hardwareConcurrency} processors${cpu ? ` (${cpu.trim()})` : ""}`,
      `${Math.round(Deno.systemMemoryInfo().total / 2 ** 30)} GiB`,
      `load ${Deno.loadavg()[0]?.toFixed(1)}`,
      `Postgres ${row?.version}, fsync on`,
      `Deno ${Deno.version.deno} for all`,
      ...packages.map((name) => name.replace(/^npm:/, "")),
    ].join(" · ");
  } finally {
    await sql.end({ timeout: 1 });
  }
}
