/**
 * Execute: one message to a contract, from funds to the end of its call tree (chain §2.9).
 * @module
 */
import { EnclaveError, EnclaveErrorCode } from "../enclaveError.ts";
import { recipientOf, verifyCodeHashText } from "../messages/secretMessage.ts";
import { GasLocation, INSTANCE_COST } from "../state/gasMeter.ts";
import type { CallResult, ExecuteCall, Frame } from "./callTree.ts";
import { isHiddenCoin } from "./coins.ts";
import { addressText, loadContractCode, loadContractKey, openContract } from "./contract.ts";
import { contractEvent, messageEvent } from "./contractEvents.ts";
import { dispatchResponse } from "./handleResponse.ts";
import { interpretResponse } from "./interpretOutput.ts";
import { moveFunds } from "./nativeWork.ts";
import { runContract } from "./runContract.ts";
import { meteredCall } from "./wasmGas.ts";

/** @throws {ChainFailure}; {OutOfGas}; {RefusalError} HostMisbehavior */
export function executeContract(frame: Frame, call: ExecuteCall): CallResult {
  const { store, meter, tree } = frame;
  const { services } = tree;
  const sender = addressText(call.sender);
  const address = addressText(call.contract);
  meter.consume(INSTANCE_COST, GasLocation.LoadForExecute);
  const code = loadContractCode(store, call.contract);
  const funds = call.funds.filter((coin) => !isHiddenCoin(coin));
  const fundsEvents = moveFunds(frame, { from: call.sender, to: call.contract, coins: funds, createAccount: false });
  store.chargeBlockRandom();
  const stored = loadContractKey(store, call.contract);

  const ran = meteredCall(meter, "execute", (gas) => {
    const contract = openContract(services, call.contract, code, stored);
    const { secret, input } = call.open();
    // Quirk: what the chain took out is then found missing (contracts §5.1).
    if (funds.length < call.funds.length) throw new EnclaveError(EnclaveErrorCode.FailedTxVerification);
    const { codeHashText, replyChain, message } = input;
    verifyCodeHashText(codeHashText, contract.codeHash);
    const info = { sender, funds };
    const output = runContract(frame, gas, { entry: "execute", contract, info, message, secret });
    const to = { secret, recipient: recipientOf(replyChain) };
    const response = interpretResponse(tree, "execute", output, to);
    return { contract, secret, replyChain, response };
  });

  const { api } = ran.response;
  const handled = dispatchResponse(frame, ran);
  const own = api === "v1" ? [contractEvent("execute", address)] : [];
  const events = [messageEvent(sender, address), ...fundsEvents, ...own].concat(handled.events);
  return { api, events, data: handled.data, secret: ran.secret };
}
