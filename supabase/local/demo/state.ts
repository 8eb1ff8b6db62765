/**
 * What the demo has made, for the next start: a webhook's secret is shown only once.
 *
 * @module
 */

/** A webhook endpoint of the demo. */
export interface DemoEndpoint {
  flowId: string;
  endpointId: string;
  secret: string;
}

/** Kept in a file beside the data. */
export interface DemoState {
  /** Port of the demo's outside world. */
  outsidePort: number;
  /** Whether the demo's user has signed up. */
  signedUp: boolean;
  /** By provider. */
  endpoints: Record<string, DemoEndpoint>;
}

/** Reads the state; an empty one when there is none. */
export async function loadState(dataFolder: string, outsidePort: number): Promise<DemoState> {
  try {
    return JSON.parse(await Deno.readTextFile(`${dataFolder}/demo.json`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { outsidePort, signedUp: false, endpoints: {} };
    throw error;
  }
}

/** Writes the state, readable by its owner only. */
export async function saveState(dataFolder: string, state: DemoState): Promise<void> {
  await Deno.writeTextFile(`${dataFolder}/demo.json`, JSON.stringify(state, null, 2) + "\n", { mode: 0o600 });
}
