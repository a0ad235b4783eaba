/**
 * Modules of the chain whose messages this version does not run: the one place that says so, to contracts.
 *
 * What a contract sends to one of them fails as any message of a module may: it can be caught in a reply (contracts §6.4). An
 * entry goes when its module comes; a test holds the list against the messages that are routed.
 * @module
 */
import { type AppError, sdkError } from "../../core/appError.ts";

/** By the package of their messages. */
const UNBUILT_MODULES = {
  "cosmos.authz.v1beta1": "authz",
  "cosmos.circuit.v1": "circuit",
  "cosmos.distribution.v1beta1": "distribution",
  "cosmos.evidence.v1beta1": "evidence",
  "cosmos.feegrant.v1beta1": "feegrant",
  "cosmos.gov.v1": "gov",
  "cosmos.gov.v1beta1": "gov",
  "cosmos.mint.v1beta1": "mint",
  "cosmos.params.v1beta1": "params",
  "cosmos.slashing.v1beta1": "slashing",
  "cosmos.staking.v1beta1": "staking",
  "cosmos.upgrade.v1beta1": "upgrade",
  "cosmos.vesting.v1beta1": "vesting",
  "ibc.applications.transfer.v1": "transfer",
  "ibc.core.channel.v1": "ibc",
  "ibc.core.client.v1": "ibc",
  "ibc.core.connection.v1": "ibc",
} as const;

/** A module that the chain has and this version has not. */
export type UnbuiltModule = (typeof UNBUILT_MODULES)[keyof typeof UNBUILT_MODULES];

/** `/cosmos.gov.v1.MsgVote` → `gov`; undefined for messages of other modules. */
export function unbuiltModuleOf(typeUrl: string): UnbuiltModule | undefined {
  const name = typeUrl.slice(1, typeUrl.lastIndexOf("."));
  return Object.hasOwn(UNBUILT_MODULES, name) ? UNBUILT_MODULES[name as keyof typeof UNBUILT_MODULES] : undefined;
}

/** What its messages fail with: sdk 37. */
export function unbuiltError(module: UnbuiltModule, typeUrl: string): AppError {
  return sdkError(37, `module ${module} is not built: ${typeUrl}`);
}
