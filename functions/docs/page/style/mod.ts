/**
 * How the page looks.
 *
 * @module
 */
import { BASE } from "./base.ts";
import { CONTENT } from "./content.ts";
import { FRAME } from "./frame.ts";
import { PALETTE } from "./palette.ts";

/** The page's style sheet. */
export const STYLE = `${PALETTE}${BASE}${FRAME}${CONTENT}\n`;
