/**
 * Waiting.
 *
 * @module
 */
export { pause } from "./pause.ts";
