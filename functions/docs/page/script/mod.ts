/**
 * What runs in the browser. It is text, because an edge function has no files to send: plain JavaScript without
 * packages, one module a concern, joined into one script. Backslashes are the browser's (`String.raw`).
 *
 * @module
 */
import { DOM } from "./dom.ts";
import { MAIN } from "./main.ts";
import { OPERATION } from "./operation.ts";
import { OVERVIEW } from "./overview.ts";
import { SAMPLES } from "./samples.ts";
import { SCHEMA } from "./schema.ts";
import { SESSION } from "./session.ts";
import { TRY_IT } from "./try_it.ts";

/** The document that came with the page; what every other part reads. */
const DATA = `const api = JSON.parse(document.getElementById("document").textContent);`;

/** The script of the page. Nothing of it is visible to other scripts. */
export const SCRIPT = `"use strict";\n(() => {\n${
  [DATA, DOM, SCHEMA, SESSION, SAMPLES, TRY_IT, OPERATION, OVERVIEW, MAIN].join("\n")
}\n})();\n`;
