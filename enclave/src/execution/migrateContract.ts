/**
 * Migrate: other code for a contract, on its old state (chain §2.14, enclave §8).
 * @module
 */
import {
  type CodeInfo,
  ContractCodeHistoryOperation,
  type ContractInfo,
  type ContractKey,
} from "@sotto/common/wire/compute";
import { deriveMigratedKey } from "../keys/contractKey.ts";
import { recipientOf, verifyCodeHashText } from "../messages/secretMessage.ts";
import type { ComputeStore } from "../state/computeStore.ts";
import { GasLocation, INSTANCE_COST } from "../state/gasMeter.ts";
import type { CallResult, Frame, MigrateCall } from "./callTree.ts";
import { ChainFailure, ChainPanic, callFailure, SdkCode, sdkFailure } from "./chainFailure.ts";
import {
  addressText,
  type Contract,
  loadContractInfo,
  loadContractKey,
  MAX_ADMIN_PROOF,
  NO_ADMIN_PROOF,
  openModule,
  positionOf,
  verifyAdmin,
} from "./contract.ts";
import { messageEvent, migrateEvent } from "./contractEvents.ts";
import { dispatchResponse } from "./handleResponse.ts";
import { interpretResponse } from "./interpretOutput.ts";
import { runContract } from "./runContract.ts";
import { type CallGas, meteredCall } from "./wasmGas.ts";

/** What is on record about the contract, and the code that it migrates to. */
type Records = { readonly info: ContractInfo; readonly key: ContractKey; readonly newCode: CodeInfo };

/** @throws {ChainFailure}; {ChainPanic}; {OutOfGas}; {RefusalError} HostMisbehavior */
export function migrateContract(frame: Frame, call: MigrateCall): CallResult {
  const { store, meter } = frame;
  const sender = addressText(call.sender);
  const address = addressText(call.contract);
  meter.consume(INSTANCE_COST, GasLocation.LoadForMigrate);
  const records = loadRecords(store, call);
  requireMigratable(store, records.info, { sender, address, codeId: call.codeId });
  store.chargeBlockRandom();

  const ran = meteredCall(meter, "migrate", (gas) => runMigration(frame, gas, call, records));

  saveMigration(frame, call, records, ran);
  const handled = dispatchResponse(frame, ran);
  const events = [messageEvent(sender), migrateEvent(address, call.codeId), ...handled.events];
  return { api: ran.response.api, events, data: handled.data, secret: ran.secret };
}

/** Chain §2.14 steps 2 and 4. @throws {ChainFailure} sdk 18, compute 9 */
function loadRecords(store: ComputeStore, { contract, codeId }: MigrateCall): Records {
  const { info } = inRequest("unknown contract", () => loadContractInfo(store, contract));
  const newCode = store.codeInfo(codeId);
  if (newCode === undefined) {
    const text = `unknown code: failed to get code info for code id ${codeId}: invalid request`;
    throw sdkFailure(SdkCode.InvalidRequest, text);
  }
  return { info, key: loadContractKey(store, contract), newCode };
}

function inRequest<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ChainFailure)) throw error;
    throw sdkFailure(SdkCode.InvalidRequest, `${what}: ${error.message}: invalid request`);
  }
}

/** Chain §2.14 steps 5 and 6. @throws {ChainFailure} compute 5 */
function requireMigratable(
  store: ComputeStore,
  { admin, requireGovernance }: ContractInfo,
  { sender, address, codeId }: { readonly sender: string; readonly address: string; readonly codeId: bigint },
): void {
  if (admin !== "" && admin !== sender) throw callFailure("migrate", "requires migrate from admin");
  if (requireGovernance) {
    const authorized = store.authorizedCode(address);
    if (authorized === undefined) throw callFailure("migrate", "requires governance approval for migration");
    if (authorized !== codeId) throw callFailure("migrate", "mismatch code id for migration");
  } else if (admin === "") {
    throw callFailure("migrate", "contract is not upgradable");
  }
}

/**
 * The part that the protocol has inside the enclave. Stored keys are not authenticated: the admin proof binds the original one.
 * @throws {EnclaveError}; {EngineError}; {ChainFailure} what the contract said
 */
function runMigration(frame: Frame, gas: CallGas, call: MigrateCall, records: Records) {
  const { services, block } = frame.tree;
  const { crypto, keys } = services;
  const originalKey = records.key.ogContractKey;
  if (records.info.adminProof.length === 0) throw callFailure("migrate", NO_ADMIN_PROOF);
  verifyAdmin(services, records.info, { sender: call.sender, originalKey, maxProof: MAX_ADMIN_PROOF.migrate });
  const { secret, input } = call.open();
  const { codeHash } = records.newCode;
  verifyCodeHashText(input.codeHashText, codeHash);
  const module = openModule(services, codeHash, false);
  const binding = { codeHash, contract: call.contract, original: originalKey };
  const migrated = deriveMigratedKey(crypto, keys, { sender: call.sender, height: block.height }, binding);
  const address = addressText(call.contract);
  const contract: Contract = { bytes: call.contract, address, codeHash, originalKey, latestKey: migrated.key, module };
  const info = { sender: addressText(call.sender), funds: [] };
  const output = runContract(frame, gas, { entry: "migrate", contract, info, message: input.message, secret });
  const to = { secret, recipient: recipientOf(input.replyChain) };
  const response = interpretResponse(frame.tree, "migrate", output, to);
  return { contract, secret, replyChain: input.replyChain, response, proof: migrated.proof };
}

/** Chain §2.14 step 8. @throws {ChainPanic} if the contract has no history */
function saveMigration(
  { store, tree: { block, transaction } }: Frame,
  { codeId, sent }: MigrateCall,
  { info, key }: Records,
  { contract, proof }: { readonly contract: Contract; readonly proof: Uint8Array },
): void {
  const saved = store.saveMigration(contract.bytes, {
    info: { ...info, codeId },
    key: { ...key, currentContractKey: contract.latestKey, currentContractKeyProof: proof },
    history: {
      operation: ContractCodeHistoryOperation.Migrate,
      codeId,
      updated: positionOf(block, transaction),
      msg: sent,
    },
  });
  if (!saved) throw new ChainPanic(`no history for ${contract.address}`);
  if (info.requireGovernance) store.dropAuthorizedCode(contract.address);
}
