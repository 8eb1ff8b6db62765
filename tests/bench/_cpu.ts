/**
 * Processor time of processes, from `/proc`: what something costs, whatever else the machine does. NaN elsewhere than on
 * Linux.
 *
 * @module
 */

/** Ticks of `/proc` in a second. */
const TICKS = 100;

/** Fields of `/proc/PID/stat` behind the name: parent, own and waited-for children's user and system time. */
interface Stat {
  parent: number;
  own: number;
  children: number;
}

/** Seconds that processes have used; one that has ended counts nothing. */
export function cpuOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (stat(pid)?.own ?? 0), 0);
}

/** Microseconds that a process has used, to the nanosecond and not the tick: for work too short for {@link cpuOf}. */
export function cpuMicrosecondsOf(pid: number): number {
  try {
    return Number(Deno.readTextFileSync(`/proc/${pid}/schedstat`).split(" ")[0]) / 1_000;
  } catch {
    return Number.NaN;
  }
}

/** Seconds that a whole Postgres has used: the postmaster, its processes of now, and those that have ended. */
export function cpuOfPostgres(postmaster: number): number {
  const server = stat(postmaster);
  if (server === null) return Number.NaN;
  let seconds = server.own + server.children;
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const process = stat(Number(name));
    if (process?.parent === postmaster) seconds += process.own + process.children;
  }
  return seconds;
}

/** Seconds that all processors together were not idle. */
export function cpuOfMachine(): number {
  try {
    const fields = Deno.readTextFileSync("/proc/stat").split("\n")[0]!.trim().split(/\s+/).slice(1).map(Number);
    return fields.reduce((sum, ticks, index) => index === 3 || index === 4 ? sum : sum + ticks, 0) / TICKS;
  } catch {
    return Number.NaN;
  }
}

/** The process that started a process. */
export function parentOf(pid: number): number {
  return stat(pid)?.parent ?? -1;
}

function stat(pid: number): Stat | null {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = text.slice(text.lastIndexOf(") ") + 2).split(" ").map(Number);
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
    return {
      parent: fields[1] ?? -1,
      own: (user + system) / TICKS,
      children: (childUser + childSystem) / TICKS,
    };
  } catch {
    return null;
  }
}
