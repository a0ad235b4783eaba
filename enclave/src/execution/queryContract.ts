/**
 * A smart query, from outside or from another contract (chain §3.4, contracts §6.2).
 * @module
 */
import { verifyCodeHashText } from "../messages/secretMessage.ts";
import { GasLocation, INSTANCE_COST } from "../state/gasMeter.ts";
import type { Frame, QueryAnswered, QueryCall } from "./callTree.ts";
import { loadContractCode, loadContractKey, openContract } from "./contract.ts";
import { interpretQueryResult } from "./interpretOutput.ts";
import { runContract } from "./runContract.ts";
import { meteredCall } from "./wasmGas.ts";

/**
 * @returns the answer as base64 text, and the secret that it may be encrypted under
 * @throws {ChainFailure}; {OutOfGas} of the query's meter; {RefusalError} HostMisbehavior
 */
export function queryContract(frame: Frame, call: QueryCall): QueryAnswered {
  const { store, meter, tree } = frame;
  const { services } = tree;
  meter.consume(INSTANCE_COST, GasLocation.LoadForQuery);
  const code = loadContractCode(store, call.contract);
  const stored = loadContractKey(store, call.contract);
  return meteredCall(meter, "query", (gas) => {
    const contract = openContract(services, call.contract, code, stored);
    const { secret, input } = call.open();
    verifyCodeHashText(input.codeHashText, contract.codeHash);
    const output = runContract(frame, gas, { entry: "query", contract, message: input.message, secret });
    return { answer: interpretQueryResult(tree, output, secret), secret };
  });
}
