/**
 * Guide, operations, errors, code.
 *
 * @module
 */

/** Style of what the pages are made of. */
export const CONTENT = `
.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(22rem, 31rem); gap: 3rem; max-width: 88rem; }
.text, .side { min-width: 0; }
.stick { position: sticky; top: calc(var(--bar) + 1.5rem); }
.operation { grid-template: "intro side" auto "rest side" 1fr / minmax(0, 1fr) minmax(22rem, 31rem); row-gap: 0; }
.operation > .intro { grid-area: intro; } .operation > .side { grid-area: side; } .operation > .rest { grid-area: rest; }
article.columns .panel.dark pre { max-height: 19rem; }
article.columns .stick { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; max-height: calc(100vh - var(--bar) - 3rem); overflow-y: auto; scrollbar-width: thin; }
@media (max-width: 1180px) { .columns { grid-template-columns: minmax(0, 1fr); gap: 1.25rem; } .operation { grid-template: "intro" auto "side" auto "rest" auto / minmax(0, 1fr); } .stick, article.columns .stick { position: static; max-height: none; overflow: visible; } }
.crumb { font-size: 0.84rem; color: var(--soft); margin-bottom: 0.35rem; } .crumb a { text-decoration: none; }
.lead { font-size: 1.1rem; color: var(--soft); margin-top: 0.7rem; }
.hero { padding-bottom: 2rem; max-width: 88rem; }
.hero h1 { font-size: 2.3rem; }
.chapter { padding: 2.4rem 0 1.6rem; border-top: 1px solid var(--line); }
.chapter h2 { font-size: 1.35rem; margin-bottom: 0.8rem; }
.chapter h2 a { color: inherit; text-decoration: none; } .chapter h2 a:hover::after { content: " #"; color: var(--soft); }
.endpoint { display: flex; align-items: center; gap: 0.7rem; margin: 0.9rem 0 0; padding: 0.5rem 0.6rem 0.5rem 0.7rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--sunken); font: 0.9rem var(--mono); }
.endpoint .method { font-size: 0.76rem; } .endpoint .path { overflow-x: auto; flex: 1; white-space: nowrap; }
.param { color: var(--accent); }
.access { display: flex; flex-wrap: wrap; gap: 0.7rem 1.8rem; margin: 1rem 0 1.4rem; }
.access dt { font-size: 0.74rem; color: var(--soft); } .access dd { margin: 0; font-size: 0.9rem; overflow-wrap: anywhere; }
.access dd .copy, .outcome .copy, .endpoint .copy { margin-left: 0.5rem; padding: 0.05rem 0.5rem; font: 0.75rem var(--sans); color: var(--soft); }
section.part { margin-top: 2.2rem; }
section.part > h2 { padding-bottom: 0.5rem; border-bottom: 1px solid var(--line); margin-bottom: 0.35rem; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.2rem 1rem; align-items: baseline; }
.fields { list-style: none; margin: 0; padding: 0; }
.fields .fields { margin: 0.5rem 0 0; padding-left: 0.9rem; border-left: 2px solid var(--line); }
.fields > li { padding: 0.65rem 0; border-bottom: 1px solid var(--line); }
.fields > li:last-child { border-bottom: 0; }
.field { display: flex; flex-wrap: wrap; gap: 0.15rem 0.6rem; align-items: baseline; }
.field b { font: 600 0.88rem var(--mono); overflow-wrap: anywhere; }
.field .type, .field .optional { font-size: 0.8rem; color: var(--soft); }
.fields p { margin: 0.2rem 0 0; font-size: 0.9rem; color: var(--soft); }
.fields .limits { font-size: 0.82rem; color: var(--soft); margin-top: 0.15rem; overflow-wrap: anywhere; }
.text details > summary { cursor: pointer; font-size: 0.84rem; color: var(--accent); margin-top: 0.35rem; width: fit-content; }
.answers { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.5rem; margin-top: 0.75rem; }
.answer { border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); overflow: hidden; }
.text .answer > summary { margin: 0; padding: 0.55rem 0.9rem; width: auto; display: flex; gap: 0.8rem; align-items: baseline; color: var(--text); font-size: 0.9rem; list-style: none; overflow-wrap: anywhere; }
.answer > summary::-webkit-details-marker { display: none; }
.answer > summary::after { content: "›"; margin-left: auto; color: var(--soft); transform: rotate(90deg); }
.answer[open] > summary::after { transform: rotate(-90deg); }
.answer > div { padding: 0.2rem 0.9rem 0.9rem; }
.status { font: 700 0.85rem var(--mono); flex: none; }
.s2, .s3 { color: var(--post); } .s4 { color: var(--patch); } .s5 { color: var(--delete); }
.panel { border-radius: var(--radius); border: 1px solid var(--line); background: var(--surface); overflow: hidden; }
.panel > header { display: flex; justify-content: space-between; align-items: center; gap: 0.5rem; padding: 0.45rem 0.6rem 0.45rem 0.9rem; border-bottom: 1px solid var(--line); }
.panel > header .hint { margin: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.panel > header h2 { font-size: 0.95rem; white-space: nowrap; }
.panel.dark { background: var(--code-paper); border-color: var(--code-line); --focus: #5fd0c0; }
.panel.dark > header { background: var(--code-bar); border-color: var(--code-line); padding-left: 0.5rem; }
.panel.dark .tabs button { color: var(--code-soft); } .panel.dark .tabs button:hover { color: var(--code-text); }
.panel.dark .tabs button[aria-selected="true"] { background: var(--code-line); color: #ffffff; }
.panel > .inside { padding: 0.9rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.85rem; }
.inputs { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 0.7rem; align-items: end; }
.fold > summary { cursor: pointer; font-size: 0.84rem; color: var(--accent); width: fit-content; } .fold[open] > summary { margin-bottom: 0.6rem; }
.sending { display: flex; align-items: center; gap: 0.9rem; flex-wrap: wrap; } .sending .hint { margin: 0; }
.result:empty { display: none; }
.result .tabs { margin: 0.6rem 0 0.5rem; }
.remedy { border-left: 3px solid var(--patch); padding: 0.1rem 0 0.1rem 0.7rem; margin: 0.6rem 0; font-size: 0.9rem; } .remedy a { text-decoration: none; }
.inside .code { border-radius: 8px; overflow: hidden; }
.code { position: relative; background: var(--code-paper); color: var(--code-text); }
.answer .code, .text > .code { border-radius: 8px; margin-top: 0.6rem; overflow: hidden; }
.code code { background: none; padding: 0; font: inherit; overflow-wrap: normal; color: inherit; }
.code pre { margin: 0; padding: 0.9rem 1rem; font: 12.5px/1.65 var(--mono); overflow: auto; max-height: 27rem; scrollbar-color: var(--code-line) transparent; scrollbar-width: thin; tab-size: 2; }
.code pre:focus-visible { outline-offset: -3px; outline-color: #5fd0c0; }
.code .copy { position: absolute; top: 0.5rem; right: 0.5rem; padding: 0.1rem 0.55rem; font-size: 0.76rem; color: var(--code-soft); background: var(--code-bar); border-color: var(--code-line); }
.code .copy:hover { color: var(--code-text); }
@media (hover: hover) { .code .copy { opacity: 0; } .code:hover .copy, .code .copy:focus-visible { opacity: 1; } }
.t-string { color: var(--code-string); } .t-number { color: var(--code-number); } .t-word { color: var(--code-word); } .t-key { color: var(--code-key); } .t-note { color: var(--code-soft); }
.outcome { display: flex; flex-wrap: wrap; gap: 0.5rem 1.4rem; margin: 0; padding-top: 0.85rem; border-top: 1px solid var(--line); font-size: 0.88rem; }
.outcome dt { font-size: 0.72rem; color: var(--soft); } .outcome dd { margin: 0; } .outcome .long { flex-basis: 100%; } .outcome code { font-size: 0.8rem; }
.overview { max-width: 58rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 0.8rem; margin: 1rem 0 0; padding: 0; list-style: none; max-width: 88rem; }
.cards a { display: block; height: 100%; padding: 0.9rem 1rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); color: var(--text); text-decoration: none; }
.cards a:hover, .endpoints a:hover { border-color: var(--accent); }
.cards span { font-size: 0.88rem; color: var(--soft); } .cards b { display: block; }
.endpoints, .errors { list-style: none; margin: 1.5rem 0 0; padding: 0; }
.endpoints { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.45rem; }
.endpoints a { display: grid; grid-template-columns: 4rem minmax(0, 1fr) minmax(0, 1fr); gap: 0.8rem; align-items: baseline; padding: 0.55rem 0.8rem; border: 1px solid var(--line); border-radius: 8px; color: var(--text); text-decoration: none; }
.endpoints .method { justify-self: start; } .endpoints .path { font: 0.84rem var(--mono); overflow-wrap: anywhere; } .endpoints .what { color: var(--soft); font-size: 0.9rem; }
@media (max-width: 640px) { .endpoints a { grid-template-columns: 4rem minmax(0, 1fr); } .endpoints .what { grid-column: 2; } .hero h1 { font-size: 1.8rem; } .columns { gap: 1rem; } }
.errors li { padding: 1.1rem 0; border-top: 1px solid var(--line); scroll-margin-top: calc(var(--bar) + 1rem); }
.errors li:focus { background: linear-gradient(90deg, var(--accent-soft), transparent); box-shadow: -1rem 0 0 var(--accent-soft); }
.errors h2 { display: flex; flex-wrap: wrap; gap: 0.2rem 0.7rem; align-items: baseline; margin-bottom: 0.4rem; font-size: 1rem; }
.errors p { margin: 0 0 0.3rem; } .errors .do { color: var(--soft); } .errors .do strong { color: var(--text); font-weight: 600; }
.notice { border: 1px solid var(--line); border-left: 4px solid var(--patch); border-radius: var(--radius); background: var(--surface); padding: 0.8rem 1.1rem; max-width: 46rem; margin-top: 1rem; }
.neighbours { display: grid; grid-template-columns: 1fr 1fr; gap: 0.8rem; margin-top: 3rem; }
.neighbours a { display: grid; padding: 0.7rem 1rem; border: 1px solid var(--line); border-radius: var(--radius); text-decoration: none; } .neighbours a:hover { border-color: var(--accent); }
.neighbours .next { text-align: right; }
@media print { .bar, nav, .side { display: none; } .layout, .columns { display: block; } }`;
