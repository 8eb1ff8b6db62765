/**
 * A page in a real browser, where there is one: Debian's Chromium, which CI installs.
 *
 * @module
 */

const CHROMIUM = "/usr/bin/chromium";

/** Whether there is one here; tests that need it are skipped otherwise. */
export const hasBrowser: boolean = await Deno.stat(CHROMIUM).then(() => true, () => false);

/** How a page is looked at. */
export interface LookOptions {
  /** As people who have chosen dark colours. */
  readonly isDark?: boolean;
  /** Where to put a picture of it, a path that ends with `.png`. */
  readonly picture?: string;
  /** Size of the window: width and height. */
  readonly window?: readonly [number, number];
}

/** What a browser made of a page. */
export interface Seen {
  /** The page as it is after its script has run; empty when a picture was taken. */
  readonly dom: string;
  /** What was written to the console. */
  readonly console: string[];
}

/** Opens a page and lets its scripts run. */
export async function look(
  url: string,
  { isDark = false, picture, window = [1280, 900] }: LookOptions = {},
): Promise<Seen> {
  const profile = await Deno.makeTempDir();
  try {
    const { stdout, stderr } = await new Deno.Command(CHROMIUM, {
      args: [
        "--headless",
        // Chromium's own sandbox needs what containers and root do not have; it sees only our pages.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        `--user-data-dir=${profile}`,
        `--window-size=${window.join()}`,
        // 0 = dark, 1 = light.
        `--blink-settings=preferredColorScheme=${isDark ? 0 : 1}`,
        "--enable-logging=stderr",
        "--virtual-time-budget=10000",
        picture === undefined ? "--dump-dom" : `--screenshot=${picture}`,
        url,
      ],
    }).output();
    const lines = new TextDecoder().decode(stderr).split("\n").filter((line) => line.includes("CONSOLE"));
    return { dom: new TextDecoder().decode(stdout), console: lines };
  } finally {
    await Deno.remove(profile, { recursive: true });
  }
}
