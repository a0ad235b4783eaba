/**
 * All modules, wired: the one place that knows which there are and in which order they run (chain §1.3).
 * @module
 */
import { moduleAddress } from "@sotto/common/address";
import { bytesToHex } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { MODULE_ACCOUNTS } from "../core/addresses.ts";
import { MessageRouter } from "../core/messageRouter.ts";
import type { Module } from "../core/module.ts";
import { QueryRouter } from "../core/queryRouter.ts";
import { type AuthKeeper, makeAuthKeeper } from "./authKeeper.ts";
import { makeAuthModule } from "./authModule.ts";
import { type BankKeeper, makeBankKeeper } from "./bankKeeper.ts";
import { makeBankModule } from "./bankModule.ts";
import { makeComputeModule } from "./compute/computeModule.ts";
import type { ComputePowers } from "./compute/computePowers.ts";
import { makeConsensusModule } from "./consensusModule.ts";
import { makeRegistrationModule } from "./registration/registrationModule.ts";
import { makeSlashingModule } from "./slashingModule.ts";
import { makeStakingModule } from "./stakingModule.ts";

export type Modules = {
  readonly auth: AuthKeeper;
  readonly bank: BankKeeper;
  /** In the order of genesis, which is also that of begin and end block. */
  readonly all: readonly Module[];
  readonly messages: MessageRouter;
  readonly queries: QueryRouter;
};

/** The module stores, each with a root of its own under the app hash (chain §1.4). */
export const MODULE_STORES: readonly string[] = [
  "acc",
  "bank",
  "compute",
  "consensus",
  "register",
  "slashing",
  "staking",
];

/** May receive by message although it is a module (chain §1.5). */
const NOT_BLOCKED = "distribution";

export function makeModules(crypto: Crypto, powers: ComputePowers): Modules {
  const addresses = new Map(MODULE_ACCOUNTS.map(({ name }) => [name, moduleAddress(crypto, name)] as const));
  const addressOf = (name: string): Uint8Array => addresses.get(name) ?? moduleAddress(crypto, name);
  const blocked = new Set(
    MODULE_ACCOUNTS.flatMap(({ name }) => (name === NOT_BLOCKED ? [] : bytesToHex(addressOf(name)))),
  );
  const isBlocked = (address: Uint8Array): boolean => blocked.has(bytesToHex(address));

  const auth = makeAuthKeeper(addressOf);
  const bank = makeBankKeeper(auth);
  const deps = { auth, bank, isBlocked, powers, router: () => messages, queries: () => queries };
  const all: readonly Module[] = [
    makeAuthModule(auth),
    makeBankModule(bank, isBlocked),
    makeStakingModule(crypto, auth, bank),
    makeSlashingModule(),
    makeConsensusModule(),
    makeComputeModule(deps),
    makeRegistrationModule(deps),
  ];
  const messages = new MessageRouter(all.flatMap((module) => module.messages ?? []));
  const queries = new QueryRouter(all.flatMap((module) => module.queries ?? []));
  return { auth, bank, all, messages, queries };
}
