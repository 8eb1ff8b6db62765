/**
 * Bar, navigation, and where the content is.
 *
 * @module
 */

/** Style of the page's frame. */
export const FRAME = `
.bar { position: sticky; top: 0; z-index: 5; height: var(--bar); display: flex; align-items: center; gap: 0.75rem; padding: 0 1.25rem; background: var(--surface); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: 0.6rem; font-weight: 700; font-size: 1.05rem; color: var(--text); text-decoration: none; letter-spacing: -0.01em; white-space: nowrap; }
.brand svg { color: var(--accent); }
.search { position: relative; flex: 1; max-width: 26rem; margin-left: auto; }
.search input { padding-right: 2.2rem; background: var(--sunken); border-color: var(--line); }
.search input:focus { background: var(--surface); }
.search kbd { position: absolute; right: 0.55rem; top: 50%; transform: translateY(-50%); font: 0.75rem var(--mono); border: 1px solid var(--line); border-radius: 5px; padding: 0.05rem 0.4rem; color: var(--soft); background: var(--surface); }
.search input:focus ~ kbd, .search input:not(:placeholder-shown) ~ kbd { display: none; }
.search[hidden] ~ #theme { margin-left: auto; }
.lamp { display: inline-block; width: 0.55rem; height: 0.55rem; border-radius: 50%; background: var(--strong-line); margin-right: 0.5rem; }
.lamp.on { background: #22a06b; } .lamp.live { background: #d9822b; }
.menu { display: none; }
.layout { display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
.layout:has(nav[hidden]) { grid-template-columns: minmax(0, 1fr); }
nav { position: sticky; top: var(--bar); height: calc(100vh - var(--bar)); overflow-y: auto; padding: 0.75rem 0.75rem 3rem; border-right: 1px solid var(--line); background: var(--sunken); scrollbar-width: thin; }
nav h2 { font-size: 0.72rem; text-transform: uppercase; letter-spacing: 0.07em; color: var(--soft); padding: 1.1rem 0.6rem 0.35rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a, nav summary { display: flex; gap: 0.5rem; align-items: baseline; justify-content: space-between; padding: 0.27rem 0.6rem; border-radius: 7px; color: var(--text); text-decoration: none; font-size: 0.88rem; line-height: 1.45; }
nav a:hover, nav summary:hover { background: var(--raised); }
nav a[aria-current="page"] { background: var(--accent-soft); color: var(--accent); font-weight: 600; }
nav details { margin: 0; }
nav summary { cursor: pointer; list-style: none; font-weight: 500; }
nav summary::-webkit-details-marker { display: none; }
nav summary::before { content: "›"; color: var(--soft); transform: translateY(-0.05em); width: 0.5rem; }
nav details[open] > summary::before { transform: rotate(90deg) translateX(0.1em); }
nav summary small { margin-left: auto; font-variant-numeric: tabular-nums; } nav summary { justify-content: flex-start; }
nav details ul { margin: 0.1rem 0 0.5rem 0.8rem; padding-left: 0.35rem; border-left: 1px solid var(--line); }
nav .none { padding: 1rem 0.6rem; color: var(--soft); }
.method { font: 700 0.66rem/1.6 var(--mono); letter-spacing: 0.02em; padding: 0.02rem 0.34rem; border-radius: 5px; white-space: nowrap; }
.GET { color: var(--get); background: var(--get-soft); } .POST { color: var(--post); background: var(--post-soft); }
.PATCH { color: var(--patch); background: var(--patch-soft); } .PUT { color: var(--put); background: var(--put-soft); }
.DELETE { color: var(--delete); background: var(--delete-soft); }
main { padding: 2.25rem clamp(1.25rem, 3.5vw, 3.5rem) 6rem; min-width: 0; }
.loading { color: var(--soft); }
@media (max-width: 860px) {
  .menu { display: block; }
  .layout { grid-template-columns: minmax(0, 1fr); }
  nav { position: fixed; inset: var(--bar) 18% 0 0; height: auto; z-index: 4; transform: translateX(-105%); visibility: hidden; box-shadow: 0 12px 40px rgb(0 0 0 / 25%); }
  nav.open { transform: none; visibility: visible; }
  .bar { padding: 0 0.8rem; gap: 0.45rem; }
  .search kbd { display: none; }
  .wide { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .bar button { padding: 0.4rem 0.6rem; font-size: 0.88rem; }
  main { padding-top: 1.5rem; }
  nav a, nav summary { padding: 0.45rem 0.6rem; }
}`;
