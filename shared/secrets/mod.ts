/**
 * Secrets: how their values are encrypted at rest, how workers read them, and how they are kept out of what is recorded.
 *
 * @module
 */
export {
  type EnvelopePlace,
  openEnvelope,
  rewrapHeader,
  sealEnvelope,
  secretPlace,
  webhookSecretPlace,
  webhookSubscriptionPlace,
} from "./envelope.ts";
export {
  type NewEndpointSecret,
  type OpenedEndpointSecrets,
  openEndpointSecrets,
  type SealedEndpointSecret,
  sealEndpointSecret,
  type StoredEndpointSecret,
} from "./endpoint_secrets.ts";
export { keyIdOf, Keyring, keyringOf, type MasterKeys } from "./keyring.ts";
export { redactionFor, type Redactor } from "./redactor.ts";
export { fingerprint } from "./fingerprint.ts";
export {
  type PlainEndpointSecret,
  type RewrapOptions,
  type RewrapProgress,
  rewrapSecrets,
  type RewrapStore,
  type SealedRow,
  type StaleSecret,
} from "./rewrap_secrets.ts";
export {
  SecretError,
  type SecretErrorCode,
  SecretReader,
  type SecretReading,
  type SecretReply,
  type SecretStore,
  type SecretUser,
} from "./secret_reader.ts";
