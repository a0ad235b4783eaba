/**
 * One message that a contract sends, in a scope and under a gas limit of its own (chain §2.11 steps 4 to 8).
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import type { ContractApi } from "../engine/engine.ts";
import type { SubMessage } from "../messages/contractMessage.ts";
import { encryptNestedMessage, receiveNestedMessage } from "../messages/secretMessage.ts";
import { ComputeStore } from "../state/computeStore.ts";
import { GasMeter, OutOfGas } from "../state/gasMeter.ts";
import type { Frame, OpenedInput, Responder, ResultData } from "./callTree.ts";
import { ChainFailure, prefixFailures, SdkCode, sdkFailure } from "./chainFailure.ts";
import { type ChainMessage, toChainMessages } from "./chainMessage.ts";
import { addressBytes, type Contract } from "./contract.ts";
import { sortAttributes } from "./contractEvents.ts";
import { runNativeMessage } from "./nativeWork.ts";
import { validateExecute, validateInstantiate, validateMigrate, validateUpdateAdmin } from "./validateBasic.ts";

const SUB_MESSAGE_LIMIT = "From limited Sub-Message";
/** Quirk: the chain names the type as its own language does. */
const INVALID = "failed basic validation for message type *types.";

export type SubMessageOutcome =
  | {
      readonly kind: "ok";
      /** Of a contract that ran, by the shape of its output. */
      readonly api: ContractApi | undefined;
      /** As they appear on the chain. */
      readonly events: readonly Event[];
      /** A contract's data, or the protobuf response of a chain message. */
      readonly data: ResultData | undefined;
    }
  | { readonly kind: "failed"; readonly failure: ChainFailure };

type Ran = {
  readonly api?: ContractApi;
  readonly events: readonly Event[];
  readonly data: ResultData | undefined;
};

/**
 * Runs the message; a failure is an outcome, with everything that the message did undone.
 * @param sender the contract that sends it, with the contracts that will wait for a reply from the receiver
 * @throws {OutOfGas} of the caller's meter; {RefusalError} HostMisbehavior
 */
export function runSubMessage(frame: Frame, sender: Responder, message: SubMessage): SubMessageOutcome {
  return frame.tree.state.inScope((): { end: "keep" | "drop"; value: SubMessageOutcome } => {
    try {
      const { api, events, data } = withGasLimit(frame, message.gasLimit, (limited) => route(limited, sender, message));
      const visible = events.filter(({ type }) => type !== "message");
      const shown = isWasmMessage(message) ? visible.map(sortAttributes) : visible;
      return { end: "keep", value: { kind: "ok", api, events: shown, data } };
    } catch (failure) {
      if (!(failure instanceof ChainFailure)) throw failure;
      return { end: "drop", value: { kind: "failed", failure } };
    }
  });
}

/** True for messages to contracts, whose replies are encrypted (enclave §7.4). */
export function isWasmMessage({ message }: SubMessage): boolean {
  return message.kind.startsWith("wasm");
}

function withGasLimit(frame: Frame, limit: bigint | undefined, work: (limited: Frame) => Ran): Ran {
  if (limit === undefined || limit >= frame.meter.remaining) return work(frame);
  const meter = new GasMeter(limit, { countsNative: true });
  let ran: Ran | undefined;
  try {
    ran = work({ ...frame, meter, store: new ComputeStore(frame.tree.state, meter) });
  } catch (error) {
    if (!(error instanceof OutOfGas)) {
      passOn(frame.meter, meter.own, meter.native);
      throw error;
    }
  }
  if (ran !== undefined) {
    passOn(frame.meter, meter.own, meter.native);
    return ran;
  }
  // The whole limit is charged; what the host metered of it is on the host's meter already.
  passOn(frame.meter, limit > meter.native ? limit - meter.native : 0n, meter.native);
  throw sdkFailure(SdkCode.OutOfGas, "SubMsg hit gas limit: out of gas");
}

function passOn(meter: GasMeter, own: bigint, native: bigint): void {
  meter.consume(own, SUB_MESSAGE_LIMIT);
  meter.noteNative(native, SUB_MESSAGE_LIMIT);
}

function route(frame: Frame, sender: Responder, { message }: SubMessage): Ran {
  const { contract, secret, replyChain } = sender;
  if (message.kind === "wasmExecute") {
    const { codeHash, msg, funds } = message;
    const receiver = addressBytes(message.contract);
    prefixFailures(`${INVALID}MsgExecuteContract: `, () => validateExecute(message));
    const nested = { codeHashText: codeHash, replyChain, message: msg };
    const open = (): OpenedInput => ({ secret, input: receiveNestedMessage(nested) });
    return frame.tree.calls.execute(frame, { sender: contract.bytes, contract: receiver, funds, open });
  }
  if (message.kind === "wasmInstantiate") {
    const { codeHash, msg, funds, codeId, label, admin = "" } = message;
    prefixFailures(`${INVALID}MsgInstantiateContract: `, () => validateInstantiate(message));
    const nested = { codeHashText: codeHash, replyChain, message: msg };
    const open = (): OpenedInput => ({ secret, input: receiveNestedMessage(nested) });
    const sent = encryptNestedMessage(frame.tree.services.crypto, secret, nested);
    return frame.tree.calls.instantiate(frame, { creator: contract.bytes, codeId, label, admin, funds, sent, open });
  }
  if (message.kind === "wasmMigrate") {
    const { codeHash, codeId, msg } = message;
    const receiver = addressBytes(message.contract);
    prefixFailures(`${INVALID}MsgMigrateContract: `, () => validateMigrate({ ...message, sender: contract.address }));
    const nested = { codeHashText: codeHash, replyChain, message: msg };
    const open = (): OpenedInput => ({ secret, input: receiveNestedMessage(nested) });
    const sent = encryptNestedMessage(frame.tree.services.crypto, secret, nested);
    return frame.tree.calls.migrate(frame, { sender: contract.bytes, contract: receiver, codeId, sent, open });
  }
  if (message.kind === "wasmUpdateAdmin" || message.kind === "wasmClearAdmin") {
    const receiver = addressBytes(message.contract);
    const newAdmin = message.kind === "wasmUpdateAdmin" ? message.admin : "";
    if (message.kind === "wasmUpdateAdmin") {
      const change = { ...message, newAdmin, sender: contract.address };
      prefixFailures(`${INVALID}MsgUpdateAdmin: `, () => validateUpdateAdmin(change));
    }
    // The sender is the contract that is running: nothing is left to authenticate.
    const call = { contract: receiver, newAdmin, authenticate: () => {} };
    return { events: frame.tree.calls.changeAdmin(frame, { sender: contract.bytes, ...call }), data: undefined };
  }
  // `finalize_tx` ends the list that it is in and never gets here.
  if (message.kind === "finalizeTx") return { events: [], data: undefined };
  return runNativeMessages(frame, contract, toChainMessages(contract, message));
}

/** The first failure ends all; a reply sees the first response (contracts §5.4). */
function runNativeMessages(frame: Frame, contract: Contract, messages: readonly ChainMessage[]): Ran {
  const results = messages.map((message) => runNativeMessage(frame, contract.bytes, message));
  const response = results[0]?.response;
  const data = response === undefined || response.length === 0 ? undefined : { bytes: response, replyChain: [] };
  return { events: results.flatMap(({ events }) => events), data };
}
