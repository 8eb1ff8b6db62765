/**
 * The environment: one reader, checked at start, every problem in one message.
 *
 * @module
 */
export { type Env, EnvError, type EnvProblem, type EnvSource, type Jwks, readEnv } from "./env.ts";
export type { SigningKey } from "./signing_key.ts";
export { VARIABLE_FACTS, type VariableFacts, type VariableName, VARIABLES } from "./variables.ts";
