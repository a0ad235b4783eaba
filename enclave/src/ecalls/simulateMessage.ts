/**
 * Simulation of one of the enclave's messages: of contract messages on a development network alone (design "What is weak on purpose", ADR 0005).
 *
 * The message runs as the first transaction of the next block would, on whatever state the host shows; nothing of it stays.
 * Signatures are not looked at: clients have none yet (clients §1.2 item 4). Everything else is checked as in a block. Messages of
 * registration are not simulated: what they are judged by would be the host's word, and what they give are seeds.
 * @module
 */
import type { EcallRequest, EcallResponse } from "@sotto/boundary/messages";
import { bytesToHex, concatBytes, EMPTY_BYTES, u32be, u64be, utf8ToBytes } from "@sotto/common/bytes";
import { MsgStoreCode } from "@sotto/common/wire/compute";
import { isEnclaveMessage, isRegistration, readTransaction } from "../block/blockTransaction.ts";
import { isDevelopmentChain } from "../developmentChain.ts";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { CallCounter } from "../execution/callCounter.ts";
import type { BlockContext } from "../execution/callTree.ts";
import { runMessage } from "../execution/runMessage.ts";
import type { Services } from "../execution/services.ts";
import { SignerCheck } from "../signatures/signerCheck.ts";
import { makeStoreReader } from "../state/storeReader.ts";
import type { BlockPoint, Network } from "./network.ts";

/** S that the messages of one simulated transaction get: as much as a query, since nobody pays (contracts §4.6). */
const SIMULATION_GAS_LIMIT = 10_000_000n;

/** The sender must be among the signers as in a block; the signature itself does not exist yet. */
class UnsignedSigners extends SignerCheck {
  override verify(): void {}
}

/**
 * @throws {RefusalError} SimulationNotAllowed on other networks; WrongState before the first block has ended; NoSuchMessage;
 *   HostMisbehavior
 */
export function simulateMessage(
  network: Network,
  request: EcallRequest<"simulateMessage">,
): EcallResponse<"simulateMessage"> {
  const { chainId, services, ended } = network;
  const { hash, decoded, messages } = readTransaction(services.crypto, request.transaction);
  const message = messages[request.message];
  // An upload reveals nothing: it runs no contract and reads nothing that is secret.
  if (!isDevelopmentChain(chainId) && message?.typeUrl !== MsgStoreCode.typeUrl) {
    throw new RefusalError(RefusalCode.SimulationNotAllowed, "simulation: open on development networks only");
  }
  if (ended === undefined) throw new RefusalError(RefusalCode.WrongState, "simulation: no block has ended yet");
  if (decoded === undefined || message === undefined || !isEnclaveMessage(message) || isRegistration(message)) {
    throw new RefusalError(RefusalCode.NoSuchMessage, `simulation: there is no contract message ${request.message}`);
  }
  const transaction = {
    context: { index: 0, hash: bytesToHex(hash).toUpperCase(), finalized: false },
    signers: new UnsignedSigners(services.crypto, chainId, decoded),
    gasLimit: SIMULATION_GAS_LIMIT,
    gasUsed: request.gasUsed,
    responded: 0,
  };
  const block = nextBlock(services, ended, hash, request.message);
  const state = makeStoreReader(services.host);
  return runMessage(services, { block, agreed: state, state }, transaction, { message, signers: [] });
}

/**
 * The block after the last one, at the earliest time that it can have. Its seed has a label of its own, so that no simulation tells
 * the random of a block to come.
 */
function nextBlock({ crypto, keys, chainId }: Services, ended: BlockPoint, hash: Uint8Array, at: number): BlockContext {
  const height = ended.height + 1n;
  const place = concatBytes(utf8ToBytes(chainId), Uint8Array.of(0), u64be(height), hash, u32be(at));
  const label = utf8ToBytes("snjs/simulation-seed/v1");
  const seed = crypto.hkdfSha256(concatBytes(keys.last.blockRandomPrf, place), label, label, 32);
  return { height, timeNs: ended.timeNs + 1n, lastBlockHash: EMPTY_BYTES, calls: { seed, counter: new CallCounter() } };
}
