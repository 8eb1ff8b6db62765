/**
 * Text, links, inputs, buttons, dialogs.
 *
 * @module
 */

/** Style of elements wherever they are. */
export const BASE = `
*, *::before, *::after { box-sizing: border-box; }
html { scroll-padding-top: calc(var(--bar) + 1.5rem); -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--text); font: 15px/1.65 var(--sans); }
h1, h2, h3 { line-height: 1.25; margin: 0; letter-spacing: -0.012em; text-wrap: balance; }
h1 { font-size: 1.85rem; font-weight: 700; } h2 { font-size: 1.1rem; } h3 { font-size: 0.95rem; }
p { margin: 0 0 0.85rem; max-width: 68ch; }
a { color: var(--accent); text-underline-offset: 0.2em; text-decoration-thickness: 1px; }
code { font: 0.87em var(--mono); background: var(--raised); padding: 0.12em 0.36em; border-radius: 5px; overflow-wrap: anywhere; }
a.ref { text-decoration: none; } a.ref code { color: var(--accent); } a.ref:hover code { text-decoration: underline; }
small { font-size: 0.8em; color: var(--soft); font-weight: 400; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 6px; }
main:focus, [tabindex="-1"]:focus { outline: none; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[hidden] { display: none !important; }
.skip { position: fixed; top: -4rem; left: 1rem; z-index: 9; background: var(--surface); padding: 0.5rem 1rem; border-radius: 8px; border: 1px solid var(--line); }
.skip:focus { top: 0.6rem; }
.prose { margin: 0 0 0.85rem; padding-left: 1.3rem; max-width: 68ch; } .prose li { margin-bottom: 0.4rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
.scroll { overflow-x: auto; margin-bottom: 0.85rem; }
th { text-align: left; font-size: 0.78rem; color: var(--soft); font-weight: 600; }
th, td { padding: 0.5rem 0.9rem 0.5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
@media (prefers-reduced-motion: no-preference) { a, button, input { transition: background-color 0.12s, border-color 0.12s, color 0.12s; } }
button, input, select, textarea { font: inherit; color: inherit; }
button { cursor: pointer; border: 1px solid transparent; border-radius: 8px; padding: 0.4rem 0.85rem; background: none; }
button.main { background: var(--accent); color: var(--on-accent); font-weight: 600; padding: 0.45rem 1.1rem; }
button.main:hover { filter: brightness(1.1); }
button:disabled { opacity: 0.55; cursor: default; }
button.quiet { border-color: var(--line); background: var(--surface); white-space: nowrap; }
button.quiet:hover { border-color: var(--accent); }
button.link { padding: 0; color: var(--accent); text-decoration: underline; text-underline-offset: 0.2em; }
input, select, textarea { width: 100%; padding: 0.42rem 0.65rem; border: 1px solid var(--strong-line); border-radius: 8px; background: var(--surface); }
input::placeholder { color: var(--soft); opacity: 1; }
input[type="checkbox"] { width: auto; height: auto; margin: 0 0.4rem 0 0; accent-color: var(--accent); }
input, select { height: 2.4rem; }
textarea { font: 12.5px/1.6 var(--mono); resize: vertical; min-height: 5rem; tab-size: 2; }
input[aria-invalid="true"], textarea[aria-invalid="true"] { border-color: var(--danger); }
label { display: block; font-size: 0.85rem; font-weight: 600; margin-bottom: 0.25rem; }
label code { font-weight: 400; background: none; padding: 0; }
label.check { display: flex; align-items: center; font-weight: 400; }
.required { font-size: 0.76rem; color: var(--patch); font-weight: 600; }
.hint { font-size: 0.84rem; color: var(--soft); margin: 0.25rem 0 0; }
.error { color: var(--danger); }
.tabs { display: flex; gap: 0.15rem; flex-wrap: wrap; }
.tabs button { padding: 0.22rem 0.65rem; color: var(--soft); border-radius: 7px; font-size: 0.84rem; }
.tabs button:hover { color: var(--text); }
.tabs button[aria-selected="true"] { background: var(--raised); color: var(--text); font-weight: 600; }
dialog { width: min(34rem, calc(100vw - 2rem)); border: 1px solid var(--line); border-radius: 14px; padding: 1.6rem; background: var(--surface); color: var(--text); box-shadow: 0 24px 60px rgb(0 0 0 / 30%); }
dialog::backdrop { background: rgb(5 15 14 / 55%); }
dialog h2 { font-size: 1.25rem; }
dialog form { margin-top: 1.1rem; } dialog form > * + *, .stack > * > * + * { margin-top: 1rem; }
dialog .tabs { background: var(--sunken); padding: 0.25rem; border-radius: 9px; }
dialog .tabs button { flex: 1; } dialog .tabs button[aria-selected="true"] { background: var(--surface); box-shadow: 0 1px 3px rgb(0 0 0 / 18%); }
dialog .buttons { display: flex; gap: 0.6rem; justify-content: flex-end; } dialog .buttons button:first-child { margin-right: auto; }
dialog fieldset { border: 1px solid var(--line); border-radius: var(--radius); padding: 0.9rem; margin: 1rem 0 0; }
dialog legend { font-size: 0.85rem; padding: 0 0.4rem; color: var(--soft); }
dialog .pair { display: grid; grid-template-columns: 1fr 1fr auto; gap: 0.6rem; align-items: end; }
@media (max-width: 520px) { dialog .pair { grid-template-columns: 1fr; } }`;
