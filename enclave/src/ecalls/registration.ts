/**
 * Ecalls of a node that joins: its key, its evidence, the seeds that it is given (registration §1.2, §7 B, H, K, S).
 *
 * There is no call that releases a seed: seeds leave in blocks alone, to keys that were attested there.
 * @module
 */
import type { EcallHandlers } from "@sotto/boundary/calls";
import { CLAIMS_VERSION, encodeUnsignedEvidence, REGISTER_PURPOSE } from "@sotto/boundary/evidence";
import type { EcallRequest, EcallResponse } from "@sotto/boundary/messages";
import { equalBytes } from "@sotto/common/bytes";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { deriveKeyTree, type ExchangeKeyPair } from "../keys/keyTree.ts";
import { openHandover } from "../keys/seedExchange.ts";
import type { EnclavePowers } from "../powers.ts";
import { type GenesisFile, readGenesisFile } from "../registration/genesisFile.ts";
import { requestQuote } from "../registration/ownMachine.ts";
import {
  makeRegistrationSecret,
  sealRegistrationSecret,
  unsealRegistrationSecret,
} from "../registration/registrationSecret.ts";
import { bindingHash, reportDataOf } from "../registration/reportData.ts";
import { type EnclaveState, networkKeys } from "./enclaveState.ts";
import { Network, type NetworkParts } from "./network.ts";

type Registration = Pick<EcallHandlers, "registrationKey" | "makeEvidence" | "importSeeds">;

export function makeRegistration(
  state: EnclaveState,
  parts: NetworkParts,
  quote: EnclavePowers["quote"],
): Registration {
  return {
    registrationKey: ({ sealed }) => {
      const secret = registrationSecret(state, parts, sealed);
      const { crypto, sealing } = parts;
      return {
        nodeKey: crypto.x25519PublicKey(secret),
        sealed: sealRegistrationSecret(crypto, sealing, secret),
      };
    },
    makeEvidence: (request) => makeEvidence(state, parts, quote, request),
    importSeeds: (request) => importSeeds(state, parts, request),
  };
}

/**
 * The key of this enclave: what it has, else what the host kept for it, else a new one. A member has had one from the start; a founder
 * makes one to attest like the others.
 * @throws {RefusalError} RegistrationKey if the host kept another one; of `unseal`; WrongState
 */
function registrationSecret(state: EnclaveState, parts: NetworkParts, sealed: Uint8Array | undefined): Uint8Array {
  const { phase } = state;
  const kept = sealed && unsealRegistrationSecret(parts.crypto, parts.sealing, sealed);
  const own = ownSecret(state);
  if (own !== undefined) {
    if (kept === undefined || equalBytes(kept, own)) return own;
    throw new RefusalError(
      RefusalCode.RegistrationKey,
      "registration key: the sealed file holds another key than this enclave: leave it out, and keep what is answered",
    );
  }
  const secret = kept ?? makeRegistrationSecret(parts.sealing);
  if (phase.kind === "ready") phase.network.adoptRegistrationSecret(secret);
  else if (phase.kind === "empty") state.phase = { kind: "applicant", secret };
  else
    throw new RefusalError(RefusalCode.WrongState, "registration key: the network of this enclave is not anchored yet");
  return secret;
}

function ownSecret({ phase }: EnclaveState): Uint8Array | undefined {
  if (phase.kind === "applicant") return phase.secret;
  return phase.kind === "ready" ? phase.network.registrationSecret : undefined;
}

/** The pair of the key that this enclave has. @throws {RefusalError} RegistrationKey */
function ownPair(state: EnclaveState, { crypto }: NetworkParts): ExchangeKeyPair {
  const secret = ownSecret(state);
  if (secret !== undefined) return { secret, publicKey: crypto.x25519PublicKey(secret) };
  throw new RefusalError(RefusalCode.RegistrationKey, "this enclave has no registration key: ask for it first");
}

/** @throws {RefusalError} RegistrationKey, GenesisMismatch, NoQuote */
function makeEvidence(
  state: EnclaveState,
  parts: NetworkParts,
  quote: EnclavePowers["quote"],
  request: EcallRequest<"makeEvidence">,
): EcallResponse<"makeEvidence"> {
  const { chainId, genesisHash, owner, height, blockHash, collateral } = request;
  const { publicKey: nodeKey } = ownPair(state, parts);
  if (state.phase.kind === "ready") {
    const own = state.phase.network.services.handover;
    if (own.chainId !== chainId || !equalBytes(own.anchor.genesisHash, genesisHash)) {
      throw new RefusalError(
        RefusalCode.GenesisMismatch,
        `evidence: this enclave belongs to ${own.chainId} and its genesis file, and attests for no other network`,
      );
    }
  }
  const claims = { version: CLAIMS_VERSION, purpose: REGISTER_PURPOSE, nodeKey, owner, height, blockHash };
  const binding = bindingHash(parts.crypto, { chainId, genesisHash }, claims, collateral);
  const made = requestQuote(quote, reportDataOf(binding));
  return { evidence: encodeUnsignedEvidence({ quote: made, collateral, claims }) };
}

/** @throws {RefusalError} GenesisMalformed, GenesisMismatch, SeedsMalformed, SeedsUnreadable, NodeKeyRefused, WrongState */
function importSeeds(
  state: EnclaveState,
  parts: NetworkParts,
  { genesis, encryptedSeeds }: EcallRequest<"importSeeds">,
): EcallResponse<"importSeeds"> {
  if (state.phase.kind !== "applicant") {
    throw new RefusalError(
      RefusalCode.WrongState,
      `expected an enclave with a registration key and without a network, this one is ${state.phase.kind}`,
    );
  }
  const { crypto } = parts;
  const { secret } = state.phase;
  const file = readGenesisFile(crypto, genesis);
  const pair = { secret, publicKey: crypto.x25519PublicKey(secret) };
  const handover = openHandover(crypto, pair, file.hash, encryptedSeeds);
  if (handover.chainId !== file.chainId) {
    throw mismatch(`the seeds are those of ${handover.chainId}, the genesis file is that of ${file.chainId}`);
  }
  const keys = deriveKeyTree(crypto, handover.seeds);
  requireGenesisKeys(file, networkKeys({ ...keys, last: keys.second }));
  const network = Network.join(parts, handover, secret);
  state.phase = { kind: "ready", network };
  return { chainId: network.chainId, keys: networkKeys(keys), sealed: network.seal() };
}

/** Line H: the keys in genesis are those of the seed that the network began with. @throws {RefusalError} GenesisMismatch */
function requireGenesisKeys(file: GenesisFile, keys: ReturnType<typeof networkKeys>): void {
  const fit = equalBytes(file.ioExchange, keys.ioExchange) && equalBytes(file.seedExchange, keys.seedExchange);
  if (!fit) throw mismatch("the seeds do not give the public keys that are in the genesis file");
}

function mismatch(reason: string): RefusalError {
  return new RefusalError(
    RefusalCode.GenesisMismatch,
    `import of seeds: ${reason}: get the genesis file of the network that you mean, from somebody whom you trust`,
  );
}
