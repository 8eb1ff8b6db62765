/**
 * Colours and types. Two palettes over one set of names; code is dark in both. Text on its ground has a contrast of
 * 4.5 to 1 at least.
 *
 * @module
 */

const LIGHT = `
  --paper: #ffffff; --surface: #ffffff; --sunken: #f5f7f7; --raised: #eef2f1; --line: #e0e6e5; --strong-line: #85938f; --text: #17211f; --soft: #52625f;
  --accent: #0a665e; --accent-soft: #dcf0ec; --on-accent: #ffffff; --focus: #0a665e; --danger: #b3261e;
  --get: #135c9b; --post: #13632f; --patch: #7f4f00; --put: #6338a8; --delete: #a8231b;
  --get-soft: #e4f0fa; --post-soft: #e0f4e6; --patch-soft: #fbefd9; --put-soft: #f0e9fb; --delete-soft: #fce8e6;`;

const DARK = `
  --paper: #0d1413; --surface: #121b1a; --sunken: #0f1716; --raised: #1b2625; --line: #26332f; --strong-line: #6c807b; --text: #e4ecea; --soft: #9db0ac;
  --accent: #5fd0c0; --accent-soft: #143934; --on-accent: #06201d; --focus: #5fd0c0; --danger: #ff8a80;
  --get: #7cb8f0; --post: #78d69a; --patch: #f0b85f; --put: #c3a6ff; --delete: #ff8a80;
  --get-soft: #12293c; --post-soft: #12301d; --patch-soft: #352709; --put-soft: #271d3c; --delete-soft: #3b1816;`;

/** Variables of both palettes, by what the browser prefers or the page says. */
export const PALETTE = `
:root { color-scheme: light; ${LIGHT}
  --code-paper: #0f1a1b; --code-bar: #142324; --code-text: #dbe7e4; --code-soft: #93a8a3; --code-line: #26383a;
  --code-string: #9fe0b0; --code-number: #f4c88a; --code-word: #8fc7ff; --code-key: #cfe3df;
  --sans: "Inter", system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --bar: 3.5rem; --radius: 10px; }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { color-scheme: dark; ${DARK} } }
:root[data-theme="dark"] { color-scheme: dark; ${DARK} }`;
