/**
 * How the page looks. Two palettes over one set of names; code is dark in both.
 *
 * @module
 */

const LIGHT = `
  --paper: #f7f8f7; --surface: #ffffff; --raised: #eef2f1; --line: #dde3e2; --text: #17211f; --soft: #52625f;
  --accent: #0b6b63; --accent-soft: #d9eeea; --focus: #0b6b63; --danger: #b3261e;
  --get: #1663a6; --post: #176b36; --patch: #8f5b00; --put: #6a3fb0; --delete: #b3261e;`;

const DARK = `
  --paper: #0e1514; --surface: #141d1c; --raised: #1b2625; --line: #2a3836; --text: #e4ecea; --soft: #9db0ac;
  --accent: #5fd0c0; --accent-soft: #17423d; --focus: #5fd0c0; --danger: #ff8a80;
  --get: #7cb8f0; --post: #78d69a; --patch: #f0b85f; --put: #c3a6ff; --delete: #ff8a80;`;

const BASE = `
:root { color-scheme: light; ${LIGHT}
  --code-paper: #101a1a; --code-text: #dbe7e4; --code-soft: #8aa09b; --code-line: #24312f;
  --code-string: #9fe0b0; --code-number: #f4c88a; --code-word: #8fc7ff; --code-key: #e8eeec;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --bar: 3.5rem; --radius: 10px; }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { color-scheme: dark; ${DARK} } }
:root[data-theme="dark"] { color-scheme: dark; ${DARK} }
*, *::before, *::after { box-sizing: border-box; }
html { scroll-padding-top: calc(var(--bar) + 1rem); -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--text); font: 15px/1.6 var(--sans); }
h1, h2, h3 { line-height: 1.25; margin: 0; letter-spacing: -0.01em; }
h1 { font-size: 1.75rem; } h2 { font-size: 1.05rem; } h3 { font-size: 0.95rem; }
p { margin: 0 0 0.75rem; max-width: 68ch; }
a { color: var(--accent); text-underline-offset: 0.2em; }
code { font: 0.88em var(--mono); background: var(--raised); padding: 0.1em 0.35em; border-radius: 5px; overflow-wrap: anywhere; }
small { font-size: 0.8em; color: var(--soft); font-weight: 400; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 6px; }
main:focus { outline: none; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[hidden] { display: none !important; }
.skip { position: fixed; top: -4rem; left: 1rem; z-index: 9; background: var(--surface); padding: 0.5rem 1rem; border-radius: 8px; }
.skip:focus { top: 0.75rem; }
@media (prefers-reduced-motion: no-preference) { * { transition: background-color 0.12s, border-color 0.12s, color 0.12s; } }`;

const CONTROLS = `
button, input, select, textarea { font: inherit; color: inherit; }
button { cursor: pointer; border: 1px solid transparent; border-radius: 8px; padding: 0.4rem 0.85rem; background: none; }
button.main { background: var(--accent); color: var(--surface); font-weight: 600; }
button.main:hover { filter: brightness(1.1); }
button.main:disabled { opacity: 0.55; cursor: default; }
button.quiet { border-color: var(--line); background: var(--surface); white-space: nowrap; }
button.quiet:hover { border-color: var(--accent); }
input, select, textarea { width: 100%; padding: 0.42rem 0.65rem; border: 1px solid var(--line); border-radius: 8px; background: var(--surface); }
input, select { height: 2.45rem; }
textarea { font: 13px/1.55 var(--mono); resize: vertical; min-height: 8rem; tab-size: 2; }
input[aria-invalid="true"], textarea[aria-invalid="true"] { border-color: var(--danger); }
label { display: block; font-size: 0.85rem; font-weight: 600; margin-bottom: 0.25rem; }
label code { font-weight: 400; }
.hint { font-size: 0.82rem; color: var(--soft); margin: 0.25rem 0 0; }
.error { color: var(--danger); }
.tabs { display: flex; gap: 0.25rem; flex-wrap: wrap; }
.tabs button { padding: 0.25rem 0.7rem; color: var(--soft); border-radius: 7px; font-size: 0.87rem; }
.tabs button[aria-selected="true"] { background: var(--raised); color: var(--text); font-weight: 600; }
dialog { width: min(34rem, calc(100vw - 2rem)); border: 1px solid var(--line); border-radius: 14px; padding: 1.5rem; background: var(--surface); color: var(--text); }
dialog::backdrop { background: rgb(5 15 14 / 55%); }
dialog form { margin-top: 1rem; }
dialog form > * + * { margin-top: 0.9rem; }
dialog .buttons { display: flex; gap: 0.6rem; justify-content: flex-end; }
dialog fieldset { border: 1px solid var(--line); border-radius: var(--radius); padding: 0.9rem; margin: 1rem 0 0; }
dialog legend { font-size: 0.85rem; padding: 0 0.4rem; color: var(--soft); }
dialog .pair { display: grid; grid-template-columns: 1fr 1fr auto; gap: 0.6rem; align-items: end; }
@media (max-width: 520px) { dialog .pair { grid-template-columns: 1fr; } }`;

const FRAME = `
.bar { position: sticky; top: 0; z-index: 5; height: var(--bar); display: flex; align-items: center; gap: 0.75rem; padding: 0 1.25rem; background: var(--surface); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: 0.6rem; font-weight: 700; font-size: 1.05rem; color: var(--text); text-decoration: none; letter-spacing: -0.01em; white-space: nowrap; }
.brand svg { color: var(--accent); }
.search { position: relative; flex: 1; max-width: 30rem; margin-left: auto; }
.search input { padding-right: 2.2rem; background: var(--paper); }
.search kbd { position: absolute; right: 0.55rem; top: 50%; transform: translateY(-50%); font: 0.75rem var(--mono); border: 1px solid var(--line); border-radius: 5px; padding: 0.05rem 0.4rem; color: var(--soft); background: var(--surface); }
.search input:focus ~ kbd, .search input:not(:placeholder-shown) ~ kbd { display: none; }
.lamp { display: inline-block; width: 0.55rem; height: 0.55rem; border-radius: 50%; background: var(--line); margin-right: 0.5rem; }
.lamp.on { background: #22a06b; }
.menu { display: none; }
.layout { display: grid; grid-template-columns: 17.5rem minmax(0, 1fr); }
.layout:has(nav[hidden]) { grid-template-columns: minmax(0, 1fr); }
.search[hidden] ~ #theme { margin-left: auto; }
.notice { margin-top: 1.25rem; }
nav { position: sticky; top: var(--bar); height: calc(100vh - var(--bar)); overflow-y: auto; padding: 1rem 0.75rem 3rem; border-right: 1px solid var(--line); background: var(--surface); scrollbar-width: thin; }
nav h2 { font-size: 0.74rem; text-transform: uppercase; letter-spacing: 0.07em; color: var(--soft); padding: 1.1rem 0.6rem 0.35rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: grid; grid-template-columns: 2.9rem 1fr; gap: 0.4rem; align-items: baseline; padding: 0.27rem 0.6rem; border-radius: 8px; color: var(--text); text-decoration: none; font-size: 0.9rem; line-height: 1.4; }
nav a:hover { background: var(--raised); }
nav a[aria-current="page"] { background: var(--accent-soft); font-weight: 600; }
nav a.plain { grid-template-columns: 1fr; }
nav .none { padding: 1rem 0.6rem; color: var(--soft); }
.method { font: 700 0.68rem/1.6 var(--mono); letter-spacing: 0.02em; }
.GET { color: var(--get); } .POST { color: var(--post); } .PATCH { color: var(--patch); } .PUT { color: var(--put); } .DELETE { color: var(--delete); }
main { padding: 2rem clamp(1.25rem, 3vw, 3rem) 6rem; min-width: 0; }
@media (max-width: 860px) {
  .menu { display: block; }
  .layout { grid-template-columns: minmax(0, 1fr); }
  nav { position: fixed; inset: var(--bar) 25% 0 0; height: auto; z-index: 4; transform: translateX(-105%); visibility: hidden; box-shadow: 0 12px 40px rgb(0 0 0 / 25%); }
  nav.open { transform: none; visibility: visible; }
  .bar { padding: 0 0.9rem; gap: 0.5rem; }
  .lamp { margin: 0; }
  .search kbd { display: none; }
  .brand span, .wide { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .bar button { padding: 0.4rem 0.65rem; }
}`;

const CONTENT = `
.operation { display: grid; grid-template-columns: minmax(0, 1fr) minmax(20rem, 27rem); gap: 2.5rem; max-width: 86rem; }
@media (max-width: 1180px) { .operation { grid-template-columns: minmax(0, 1fr); } }
.side { align-self: start; position: sticky; top: calc(var(--bar) + 1.5rem); display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; min-width: 0; max-height: calc(100vh - var(--bar) - 3rem); overflow-y: auto; scrollbar-width: thin; }
@media (max-width: 1180px) { .side { position: static; max-height: none; overflow: visible; } }
.crumb { font-size: 0.82rem; color: var(--soft); margin-bottom: 0.4rem; }
.endpoint { display: flex; align-items: center; gap: 0.6rem; margin: 0.9rem 0 1.1rem; padding: 0.5rem 0.75rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); font: 0.92rem var(--mono); overflow-x: auto; }
.endpoint .method { font-size: 0.8rem; }
.endpoint .param { color: var(--accent); }
.chips { display: flex; flex-wrap: wrap; gap: 0.4rem; margin-bottom: 1rem; }
.chip { font-size: 0.78rem; padding: 0.12rem 0.6rem; border-radius: 99px; border: 1px solid var(--line); background: var(--surface); color: var(--soft); }
.chip.strong { border-color: transparent; background: var(--accent-soft); color: var(--text); }
section.part { margin-top: 2rem; }
section.part > h2 { padding-bottom: 0.45rem; border-bottom: 1px solid var(--line); margin-bottom: 0.35rem; display: flex; justify-content: space-between; gap: 1rem; align-items: baseline; }
.fields { list-style: none; margin: 0; padding: 0; }
.fields .fields { margin: 0.5rem 0 0; padding-left: 0.9rem; border-left: 2px solid var(--line); }
.fields > li { padding: 0.6rem 0; border-bottom: 1px solid var(--line); }
.fields > li:last-child { border-bottom: 0; }
.field { display: flex; flex-wrap: wrap; gap: 0.15rem 0.6rem; align-items: baseline; }
.field b { font: 600 0.9rem var(--mono); overflow-wrap: anywhere; }
.field .type { font-size: 0.82rem; color: var(--soft); }
.field .required { font-size: 0.76rem; color: var(--patch); font-weight: 600; }
.field .optional { font-size: 0.76rem; color: var(--soft); }
.fields p { margin: 0.2rem 0 0; font-size: 0.9rem; color: var(--soft); }
.fields .limits { font-size: 0.82rem; color: var(--soft); margin-top: 0.15rem; }
details > summary { cursor: pointer; font-size: 0.84rem; color: var(--accent); margin-top: 0.35rem; width: fit-content; }
.answers { display: grid; gap: 0.6rem; margin-top: 0.75rem; }
.answer { border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); overflow: hidden; }
.answer > summary { margin: 0; padding: 0.6rem 0.9rem; width: auto; display: flex; gap: 0.75rem; align-items: baseline; color: var(--text); font-size: 0.92rem; list-style: none; }
.answer > summary::-webkit-details-marker { display: none; }
.answer > summary::after { content: "›"; margin-left: auto; color: var(--soft); transform: rotate(90deg); }
.answer[open] > summary::after { transform: rotate(-90deg); }
.answer > div { padding: 0.2rem 0.9rem 0.9rem; }
.status { font: 700 0.85rem var(--mono); }
.s2, .s3 { color: var(--post); } .s4 { color: var(--patch); } .s5 { color: var(--delete); }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
.scroll { overflow-x: auto; }
th { text-align: left; font-size: 0.78rem; color: var(--soft); font-weight: 600; }
th, td { padding: 0.42rem 0.8rem 0.42rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.panel { border-radius: var(--radius); border: 1px solid var(--line); background: var(--surface); overflow: hidden; }
.panel > header { display: flex; justify-content: space-between; align-items: center; gap: 0.5rem; padding: 0.5rem 0.6rem 0.5rem 0.9rem; border-bottom: 1px solid var(--line); }
.panel > .inside { padding: 0.9rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.85rem; }
.inputs { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 0.7rem; align-items: end; }
.outcome + .tabs { margin: 0.5rem 0; }
.inside .code { border-radius: 8px; overflow: hidden; }
.code { position: relative; background: var(--code-paper); color: var(--code-text); }
.answer .code { border-radius: 8px; margin-top: 0.6rem; }
.code code { background: none; padding: 0; font: inherit; overflow-wrap: normal; }
.code pre { margin: 0; padding: 0.9rem 1rem; font: 12.5px/1.6 var(--mono); overflow: auto; max-height: 26rem; scrollbar-color: var(--code-line) transparent; tab-size: 2; }
.code pre:focus-visible { outline-offset: -3px; }
.code .copy { position: absolute; top: 0.45rem; right: 0.45rem; padding: 0.1rem 0.55rem; font-size: 0.76rem; color: var(--code-soft); background: var(--code-paper); border-color: var(--code-line); }
.code .copy:hover { color: var(--code-text); }
@media (hover: hover) { .code .copy { opacity: 0; } .code:hover .copy, .code .copy:focus-visible { opacity: 1; } }
.t-string { color: var(--code-string); } .t-number { color: var(--code-number); } .t-word { color: var(--code-word); } .t-key { color: var(--code-key); font-weight: 600; } .t-note { color: var(--code-soft); }
.outcome { display: flex; flex-wrap: wrap; gap: 0.3rem 0.9rem; align-items: baseline; font-size: 0.86rem; color: var(--soft); }
.overview { max-width: 60rem; }
.overview .lead { font-size: 1.12rem; margin: 1.1rem 0 1.3rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 0.8rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.cards a { display: block; height: 100%; padding: 0.9rem 1rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); color: var(--text); text-decoration: none; }
.cards a:hover { border-color: var(--accent); }
.cards b { display: block; text-transform: capitalize; }
.cards span { font-size: 0.88rem; color: var(--soft); }
.notice { border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: var(--radius); background: var(--surface); padding: 1rem 1.2rem; max-width: 46rem; }
@media print { .bar, nav, .side { display: none; } .layout, .operation { display: block; } }`;

/** The page's style sheet. */
export const STYLE = `${BASE}${CONTROLS}${FRAME}${CONTENT}\n`;
