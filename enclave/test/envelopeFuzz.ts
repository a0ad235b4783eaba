/**
 * What contracts hand to the enclave, spoiled in all ways: outputs and query requests (contracts §5.2, §5.7).
 */
import { utf8ToBytes } from "@sotto/common/bytes";
import { mutate, type Random } from "../../common/test/support/mutate.ts";
import { EnclaveError, EnclaveErrorCode } from "../src/enclaveError.ts";
import { parseContractOutput } from "../src/messages/contractOutput.ts";
import { parseQueryRequest } from "../src/messages/queryRequest.ts";

const message = (msg: string): string =>
  `{"id":18446744073709551615,"msg":${msg},"gas_limit":null,"reply_on":"always"}`;
const MESSAGES = [
  '{"bank":{"send":{"to_address":"a","amount":[{"denom":"uscrt","amount":"1"}]}}}',
  '{"wasm":{"execute":{"contract_addr":"a","code_hash":"b","msg":"e30=","funds":[],"send":[]}}}',
  '{"wasm":{"instantiate":{"code_id":1,"code_hash":"b","msg":"e30=","label":"l","funds":[],"send":[],"admin":"a"}}}',
  '{"wasm":{"migrate":{"contract_addr":"a","code_id":2,"code_hash":"b","msg":"e30="}}}',
  '{"staking":{"delegate":{"validator":"v","amount":{"denom":"uscrt","amount":"340282366920938463463374607431768211455"}}}}',
  '{"stargate":{"type_url":"/a","value":"AAAA"}}',
  '{"gov":{"vote":{"proposal_id":1,"vote":"yes"}}}',
  '{"ibc":{"transfer":{"channel_id":"c","to_address":"a","amount":{"denom":"d","amount":"1"},"timeout":{"block":null,"timestamp":"1"},"memo":""}}}',
  '{"finalize_tx":{}}',
];
const OUTPUTS = [
  '{"Ok":{"messages":[],"attributes":[{"key":"k","value":"v","encrypted":true}],"events":[{"type":"t","attributes":[]}],"data":null}}',
  '{"Ok":{"messages":[],"log":[{"key":"k","value":"v"}],"data":"AAAA"}}',
  '{"Err":{"generic_err":{"msg":"m","backtrace":null}}}',
  '{"Err":"text"}',
  '{"Ok":"eyJhIjoxfQ=="}',
  '{"ok":"eyJhIjoxfQ=="}',
  '{"Ok":{"acknowledgement":"AAAA","messages":[],"attributes":[],"events":[]}}',
  '{"Ok":null}',
  ...MESSAGES.map((msg) => `{"Ok":{"messages":[${message(msg)},${message(msg)}],"attributes":[],"events":[]}}`),
  ...MESSAGES.map((msg) => `{"Ok":{"messages":[${msg}],"log":[]}}`),
].map(utf8ToBytes);
const REQUESTS = [
  '{"bank":{"balance":{"address":"a","denom":"uscrt"}}}',
  '{"bank":{"all_balances":{"address":"a"}}}',
  '{"wasm":{"smart":{"contract_addr":"a","callback_code_hash":"b","msg":"e30="}}}',
  '{"wasm":{"raw":{"contract_addr":"a","callback_code_hash":"b","key":"AAAA"}}}',
  '{"wasm":{"contract_info":{"contract_addr":"a"}}}',
  '{"staking":{"bonded_denom":{}}}',
  '{"stargate":{"path":"/p","data":"AAAA"}}',
  '{"dist":{"rewards":{"delegator":"d"}}}',
  '{"custom":{}}',
].map(utf8ToBytes);

/** One output and one request. @throws {Error} whatever is neither a value nor the refusal that the spec names */
export function tryEnvelopes(random: Random): { readonly output: boolean; readonly request: boolean } {
  const request = parseQueryRequest(mutate(random, random.pick(REQUESTS))).kind !== "invalid";
  try {
    parseContractOutput(mutate(random, random.pick(OUTPUTS)));
    return { output: true, request };
  } catch (error) {
    if (!(error instanceof EnclaveError) || error.code !== EnclaveErrorCode.FailedToDeserialize) throw error;
    return { output: false, request };
  }
}

/** @returns how many outputs and requests were taken, of `count` in all */
export function fuzzEnvelopes(random: Random, count: number): number {
  let taken = 0;
  for (let i = 0; i < count / 2; i++) {
    const { output, request } = tryEnvelopes(random);
    taken += Number(output) + Number(request);
  }
  return taken;
}
