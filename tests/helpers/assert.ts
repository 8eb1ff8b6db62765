/**
 * Assertions for tests. deno-std is published without type declarations, so the few functions that the tests use get
 * their types here, in one place.
 *
 * @module
 */
import * as std from "deno-std/assert/mod.js";

/** The untyped module, seen through the signatures that std documents. */
interface Assertions {
  assert(value: unknown, message?: string): asserts value;
  assertEquals<T>(actual: T, expected: T, message?: string): void;
  assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  assertStrictEquals<T>(actual: unknown, expected: T, message?: string): void;
  assertExists<T>(value: T, message?: string): asserts value is NonNullable<T>;
  assertStringIncludes(actual: string, expected: string, message?: string): void;
  assertMatch(actual: string, expected: RegExp, message?: string): void;
  assertObjectMatch(actual: Record<PropertyKey, unknown>, expected: Record<PropertyKey, unknown>): void;
  assertThrows<E extends Error>(fn: () => unknown, kind?: new (...args: never[]) => E, includes?: string): E;
  assertRejects<E extends Error>(
    fn: () => PromiseLike<unknown>,
    kind?: new (...args: never[]) => E,
    includes?: string,
  ): Promise<E>;
  fail(message?: string): never;
}

const assertions: Assertions = std as unknown as Assertions;

/** Fails when `value` is not truthy. */
export function assert(value: unknown, message?: string): asserts value {
  assertions.assert(value, message);
}
/** Fails when the two are not deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  assertions.assertEquals(actual, expected, message);
}
/** Fails when the two are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  assertions.assertNotEquals(actual, expected, message);
}
/** Fails when the two are not the same value (`Object.is`). */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): void {
  assertions.assertStrictEquals(actual, expected, message);
}
/** Fails when `value` is null or undefined. */
export function assertExists<T>(value: T, message?: string): asserts value is NonNullable<T> {
  assertions.assertExists(value, message);
}
/** Fails when `actual` does not contain `expected`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  assertions.assertStringIncludes(actual, expected, message);
}
/** Fails when `actual` does not match the pattern. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  assertions.assertMatch(actual, expected, message);
}
/** Fails when `actual` does not hold every property of `expected`, deeply. */
export function assertObjectMatch(actual: object, expected: object): void {
  assertions.assertObjectMatch(actual as Record<PropertyKey, unknown>, expected as Record<PropertyKey, unknown>);
}
/** Fails when `fn` does not throw (an error of `kind`, whose message includes the text); returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  kind?: new (...args: never[]) => E,
  includes?: string,
): E {
  return assertions.assertThrows(fn, kind, includes);
}
/** Fails when the promise does not reject (with an error of `kind`, whose message includes the text); returns it. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  kind?: new (...args: never[]) => E,
  includes?: string,
): Promise<E> {
  return assertions.assertRejects(fn, kind, includes);
}
/** Fails always. */
export function fail(message?: string): never {
  return assertions.fail(message);
}
