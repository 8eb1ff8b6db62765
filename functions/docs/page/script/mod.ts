/**
 * What runs in the browser. It is text, because an edge function has no files to send: plain JavaScript without
 * packages, one module a concern, joined into one script. Backslashes are the browser's (`String.raw`).
 *
 * @module
 */
import { codeSamples } from "../../../../shared/http/mod.ts";
import { DATA } from "./data.ts";
import { DOM } from "./dom.ts";
import { GUIDE } from "./guide.ts";
import { MAIN } from "./main.ts";
import { MARKDOWN } from "./markdown.ts";
import { NAVIGATION } from "./navigation.ts";
import { OPERATION } from "./operation.ts";
import { SAMPLES } from "./samples.ts";
import { SCHEMA } from "./schema.ts";
import { SESSION } from "./session.ts";
import { TRY_IT } from "./try_it.ts";

/** The document and the page write samples with the same function: its text is taken along. */
const CODE_SAMPLES = `const codeSamples = ${codeSamples.toString()};`;

/** The script of the page. Nothing of it is visible to other scripts. */
export const SCRIPT = `"use strict";\n(() => {\n${
  [
    DATA,
    DOM,
    MARKDOWN,
    SCHEMA,
    SESSION,
    CODE_SAMPLES,
    SAMPLES,
    TRY_IT,
    OPERATION,
    GUIDE,
    NAVIGATION,
    MAIN,
  ].join("\n")
}\n})();\n`;
