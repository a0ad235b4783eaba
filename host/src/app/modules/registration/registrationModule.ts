/**
 * Module register: the network's public keys, the nodes that were admitted, the machines that may be (chain §4, registration §1.6).
 * @module
 */
import type { Module } from "../../core/module.ts";
import { initRegistrationGenesis } from "./registrationGenesis.ts";
import { registrationQueries } from "./registrationQueries.ts";

export function makeRegistrationModule(): Module {
  return { name: "register", initGenesis: initRegistrationGenesis, queries: registrationQueries() };
}
