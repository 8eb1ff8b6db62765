/**
 * Webhooks that we send: the catalogue of events.
 *
 * @module
 */
export { EVENT_TYPE_NAMES, EVENT_TYPES, type EventType, getEventType } from "./catalogue.ts";
