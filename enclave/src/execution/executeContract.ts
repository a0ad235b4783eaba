/**
 * Execute: one message to a contract, from funds to the end of its call tree (chain §2.9).
 * @module
 */
import { formatMessageInfo } from "../messages/environment.ts";
import { recipientOf, verifyCodeHashText } from "../messages/secretMessage.ts";
import { GasLocation, INSTANCE_COST } from "../state/gasMeter.ts";
import type { CallResult, ExecuteCall, Frame } from "./callTree.ts";
import { prefixFailures } from "./chainFailure.ts";
import { addressText, loadContractCode, loadContractKey, openContract } from "./contract.ts";
import { contractEvent, messageEvent } from "./contractEvents.ts";
import { handleResponse } from "./handleResponse.ts";
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
  const { sender: from, contract: to, funds: coins } = call;
  const fundsEvents = moveFunds(frame, { from, to, coins, createAccount: false });
  store.chargeBlockRandom();
  const stored = loadContractKey(store, call.contract);

  const ran = meteredCall(meter, "execute", (gas) => {
    const contract = openContract(services, call.contract, code, stored);
    const { secret, input } = call.open();
    verifyCodeHashText(input.codeHashText, contract.codeHash);
    const info = formatMessageInfo(sender, call.funds);
    const output = runContract(frame, gas, { entry: "execute", contract, info, message: input.message, secret });
    const response = interpretResponse(services.crypto, "execute", output, {
      secret,
      recipient: recipientOf(input.replyChain),
    });
    return { contract, secret, replyChain: input.replyChain, response };
  });

  const handled = prefixFailures("dispatch: ", () => handleResponse(frame, ran));
  const events = [messageEvent(sender, address), ...fundsEvents, contractEvent("execute", address), ...handled.events];
  return { events, data: handled.data, secret: ran.secret };
}
