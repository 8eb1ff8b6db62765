/**
 * Clients of outside services, each behind a small interface.
 *
 * @module
 */
export * from "./node_error.ts";
export * from "./types.ts";
