/**
 * JSONPath and I-Regexp, bounded.
 *
 * @module
 */
export { compileIRegexp, type IRegexp, IRegexpError } from "./i_regexp.ts";
export { type JsonPath, JsonPathError, parseFilter, parseJsonPath } from "./json_path.ts";
