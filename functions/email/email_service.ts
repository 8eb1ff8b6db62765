import type { Env } from "../../shared/env/mod.ts";
import { Breakers, createProviders, type EmailProvider } from "../../shared/providers/mod.ts";

const services = new WeakMap<Env, EmailProvider>();

/** The e-mail services of an environment, behind breakers that the isolate keeps. */
export function emailService(env: Env): EmailProvider {
  let service = services.get(env);
  if (service === undefined) services.set(env, service = new Breakers().guard(createProviders(env), null).email);
  return service;
}
