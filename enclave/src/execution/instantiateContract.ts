/**
 * Instantiate: a new contract from stored code, recorded by the enclave itself (chain §2.8).
 * @module
 */
import { addressFromBytes, contractAddress } from "@sotto/common/address";
import { EMPTY_BYTES } from "@sotto/common/bytes";
import { ContractCodeHistoryOperation } from "@sotto/common/wire/compute";
import { adminProof, deriveContractKey } from "../keys/contractKey.ts";
import { recipientOf, verifyCodeHashText } from "../messages/secretMessage.ts";
import { GasLocation, INSTANCE_COST } from "../state/gasMeter.ts";
import type { Frame, InstantiateCall, InstantiateResult } from "./callTree.ts";
import { ComputeCode, computeFailure, prefixFailures } from "./chainFailure.ts";
import { addressBytes, addressText, type Contract, openModule, positionOf } from "./contract.ts";
import { instantiateEvent, messageEvent } from "./contractEvents.ts";
import { dispatchResponse } from "./handleResponse.ts";
import { interpretResponse } from "./interpretOutput.ts";
import { moveFunds } from "./nativeWork.ts";
import { runContract } from "./runContract.ts";
import { meteredCall } from "./wasmGas.ts";

/** @throws {ChainFailure}; {OutOfGas}; {RefusalError} HostMisbehavior */
export function instantiateContract(frame: Frame, call: InstantiateCall): InstantiateResult {
  const { store, meter, tree } = frame;
  const { services } = tree;
  const creator = addressText(call.creator);
  const admin = call.admin === "" ? EMPTY_BYTES : prefixFailures("admin: ", () => addressBytes(call.admin));
  meter.consume(INSTANCE_COST, GasLocation.LoadForInstantiate);
  if (store.isLabelTaken(call.label)) {
    throw computeFailure(ComputeCode.AccountExists, `${call.label}: contract account already exists`);
  }
  const { crypto } = services;
  const bytes = contractAddress(crypto, call.codeId, store.nextInstance(), addressFromBytes(call.creator));
  const address = addressText(bytes);
  const from = call.creator;
  const fundsEvents = moveFunds(frame, { from, to: bytes, coins: call.funds, createAccount: true });
  const code = store.codeInfo(call.codeId);
  if (code === undefined) throw computeFailure(ComputeCode.NotFound, "code: not found");
  store.chargeBlockRandom();

  const ran = meteredCall(meter, "instantiate", (gas) => {
    const { codeHash } = code;
    const module = openModule(services, codeHash, true);
    const { secret, input } = call.open();
    verifyCodeHashText(input.codeHashText, codeHash);
    const created = { sender: call.creator, height: tree.block.height };
    const key = deriveContractKey(crypto, services.keys, created, { codeHash, contract: bytes });
    const contract: Contract = { bytes, address, codeHash, originalKey: key, latestKey: key, module };
    const { replyChain, message } = input;
    const info = { sender: creator, funds: call.funds };
    const output = runContract(frame, gas, { entry: "instantiate", contract, info, message, secret });
    const to = { secret, recipient: recipientOf(replyChain) };
    const response = interpretResponse(tree, "instantiate", output, to);
    return { contract, secret, replyChain, response };
  });

  saveContract(frame, call, ran.contract, admin);
  const { api } = ran.response;
  const handled = dispatchResponse(frame, ran);
  const own = api === "v1" ? [instantiateEvent(address, call.codeId)] : [];
  const events = [...fundsEvents, ...own].concat(handled.events, messageEvent(creator, address));
  return { api, events, data: handled.data, secret: ran.secret, address };
}

function saveContract(frame: Frame, call: InstantiateCall, contract: Contract, admin: Uint8Array): void {
  const { services, block, transaction } = frame.tree;
  const created = positionOf(block, transaction);
  const { codeId, label } = call;
  frame.store.saveNewContract(contract.bytes, {
    info: {
      codeId,
      creator: call.creator,
      label,
      created,
      ibcPortId: "",
      admin: admin.length === 0 ? "" : addressText(admin),
      adminProof: adminProof(services.crypto, services.keys, admin, contract.originalKey),
      requireGovernance: false,
    },
    key: {
      ogContractKey: contract.originalKey,
      currentContractKey: EMPTY_BYTES,
      currentContractKeyProof: EMPTY_BYTES,
    },
    history: { operation: ContractCodeHistoryOperation.Init, codeId, updated: created, msg: call.sent },
  });
}
