/**
 * What execution needs of one network.
 * @module
 */
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { Engine } from "../engine/engine.ts";
import type { ContractKeyCheck } from "../keys/contractKeyCheck.ts";
import type { KeyTree } from "../keys/keyTree.ts";
import type { Handover } from "../keys/seedExchange.ts";
import type { InputDecryption } from "../messages/secretMessage.ts";
import type { EnclavePowers } from "../powers.ts";
import type { Host } from "../state/host.ts";
import type { StateCiphers } from "../state/stateCipher.ts";

/** What one network's execution needs; lives as long as its keys. */
export type Services = {
  readonly crypto: Crypto;
  readonly engine: Engine;
  readonly host: Host;
  readonly gunzip: EnclavePowers["gunzip"];
  readonly keys: KeyTree;
  readonly chainId: string;
  readonly inputs: InputDecryption;
  readonly contractKeys: ContractKeyCheck;
  readonly ciphers: StateCiphers;
  /** What a node that is admitted gets. */
  readonly handover: Handover;
};
