/**
 * Module register: the network's public keys, the nodes that were admitted, the machines that may be (chain §4, registration §1.6).
 * @module
 */
import type { Module } from "../../core/module.ts";
import type { OcallDeps } from "../compute/ocalls.ts";
import { initRegistrationGenesis } from "./registrationGenesis.ts";
import { registrationMessages } from "./registrationMessages.ts";
import { registrationQueries } from "./registrationQueries.ts";

export function makeRegistrationModule(deps: OcallDeps): Module {
  return {
    name: "register",
    messages: registrationMessages(deps),
    initGenesis: initRegistrationGenesis,
    queries: registrationQueries(),
  };
}
