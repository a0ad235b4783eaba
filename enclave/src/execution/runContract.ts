/**
 * Runs one entry point of a contract: storage, queries and prints behind the engine's imports, then flush and gas
 * (contracts §3.2, §4.3).
 * @module
 */
import { LIMITS } from "@sotto/boundary/messages";
import { concatBytes, u64be } from "@sotto/common/bytes";
import { isDevelopmentChain } from "../developmentChain.ts";
import type { EngineCall, EngineImports, EngineOutcome, EntryPoint } from "../engine/engine.ts";
import { verifyContractQuote } from "../evidence/contractQuotes.ts";
import { PROTOCOL_SALT } from "../keys/keyTree.ts";
import {
  formatEnvironment,
  formatMessageInfo,
  formatV010Environment,
  type MessageInfo,
} from "../messages/environment.ts";
import type { TxSecret } from "../messages/secretMessage.ts";
import { ContractStorage } from "../state/contractStorage.ts";
import type { Frame } from "./callTree.ts";
import type { Contract } from "./contract.ts";
import { answerQuery } from "./contractQuery.ts";
import { type CallGas, callGasLimit, GAS_MULTIPLIER, reportedGas } from "./wasmGas.ts";

/** W that a write is charged for each byte of its value on top of what the store takes; calls with a refund get it back. */
const WRITE_GAS_PER_BYTE = 5_000n;
/** What verifying a quote counts as besides its bytes: it takes a thousand times as long as reading them. */
const QUOTE_WORK = 131_072;
const NANOS_PER_SECOND = 1_000_000_000n;
/** What every contract sees as random in a query (enclave §9.1). */
const QUERY_RANDOM = Uint8Array.of(0);

/** How the kinds of calls differ in gas (contracts §4.3). */
const ENTRY_RULES: Readonly<Record<EntryPoint, { readonly accessUnit: bigint; readonly refund: boolean }>> = {
  instantiate: { accessUnit: 1n, refund: false },
  execute: { accessUnit: GAS_MULTIPLIER, refund: true },
  sudo: { accessUnit: GAS_MULTIPLIER, refund: true },
  reply: { accessUnit: 1n, refund: true },
  migrate: { accessUnit: GAS_MULTIPLIER, refund: false },
  query: { accessUnit: GAS_MULTIPLIER, refund: false },
};

export type EntryCall = {
  readonly entry: EntryPoint;
  readonly contract: Contract;
  /** Of the message that called; a reply is from nobody. v1 contracts see it in instantiate and execute alone. */
  readonly info?: MessageInfo;
  readonly message: Uint8Array;
  /** That of the call tree; errors of contracts that are queried are encrypted under it. */
  readonly secret: TxSecret;
};

/** What a call is made with from the block: randomness and the salt of what it stores. */
type CallPlace = { readonly random: Uint8Array | undefined; readonly salt: Uint8Array | undefined };

/** Queries, those of a running contract too, do not count, store nothing and see a constant (contracts §2.9). */
function placeOf({ tree }: Frame, { contract, entry }: EntryCall): CallPlace {
  const { height, timeNs, calls } = tree.block;
  if (calls === undefined || entry === "query") return { random: QUERY_RANDOM, salt: undefined };
  let random: Uint8Array | undefined;
  if (contract.module.requiresRandom && contract.module.api === "v1") {
    const info = concatBytes(u64be(height), contract.latestKey, u64be(calls.counter.forRandom()));
    random = tree.services.crypto.hkdfSha256(calls.seed, PROTOCOL_SALT, info, 32);
  }
  return { random, salt: concatBytes(u64be(timeNs), u64be(height), u64be(calls.counter.advance())) };
}

const NOBODY: MessageInfo = { sender: "", funds: [] };

/** What stands before the message among the arguments of an entry point (contracts §3.1). */
function surroundingsOf(
  { tree, depth }: Frame,
  { contract, entry, info = NOBODY }: EntryCall,
  random: Uint8Array | undefined,
): Pick<EngineCall, "env" | "info"> {
  const { transaction, services, block } = tree;
  const { height, timeNs } = block;
  const { address, codeHash } = contract;
  const place = { height, timeNs, chainId: services.chainId, contract: address, codeHash };
  if (contract.module.api === "v0.10") return entry === "query" ? {} : { env: formatV010Environment(place, info) };
  // Quirk: contracts that are reached through others see the position plus the depth (contracts §5.1).
  const position = transaction && { index: transaction.index + depth, hash: transaction.hash };
  const env = formatEnvironment({ ...place, random, transaction: position });
  return entry === "instantiate" || entry === "execute" ? { env, info: formatMessageInfo(info) } : { env };
}

/** Throws what ended a call that did not return. */
function throwFailure(result: Extract<EngineOutcome["result"], { kind: "failed" }>): never {
  throw result.cause ?? result.error;
}

/**
 * Runs the entry point; writes are in the state once it has returned, whatever it said (contracts §3.2 step 7).
 * @param gas gets what the call reports, also if it fails
 * @returns the bytes that the contract returned
 * @throws {EngineError}; {EnclaveError}; {OutOfGas} of the chain's meter; {RefusalError} HostMisbehavior
 */
export function runContract(frame: Frame, gas: CallGas, call: EntryCall): Uint8Array {
  const { contract, entry, message } = call;
  const { services, workBudget } = frame.tree;
  const { random, salt } = placeOf(frame, call);
  const cipher = services.ciphers.forContract(contract.originalKey);
  const storage = new ContractStorage(frame.store, cipher, contract.bytes, salt);
  const rules = ENTRY_RULES[entry];
  const limit = callGasLimit(frame.meter);
  const counted = { queries: 0n, written: 0n };
  const imports: EngineImports = {
    read: (key) => {
      workBudget.take(key.length);
      const value = storage.read(key);
      workBudget.take(value?.length ?? 0);
      return value;
    },
    write: (key, value) => {
      workBudget.take(key.length);
      counted.written += BigInt(value.length);
      storage.write(key, value);
    },
    remove: (key) => {
      workBudget.take(key.length);
      storage.remove(key);
    },
    query: (request, gasLeft) => {
      const { answer, gasUsed } = answerQuery(frame, { contract, secret: call.secret }, request, gasLeft);
      counted.queries += gasUsed;
      return answer;
    },
    work: (bytes) => workBudget.take(bytes),
    verifyQuote: (quote, collateral) => {
      workBudget.take(QUOTE_WORK);
      const chain = { chainId: services.chainId, timeSeconds: Number(frame.tree.block.timeNs / NANOS_PER_SECOND) };
      return verifyContractQuote(services.crypto, chain, quote, collateral);
    },
    debugPrint: debugPrint(frame, contract),
  };
  const readOnly = entry === "query";
  const outcome = services.engine.run(contract.module, {
    entry,
    ...surroundingsOf(frame, call, random),
    msg: message,
    gasLimit: limit,
    readOnly,
    imports,
  });
  const external = storage.accessGas * rules.accessUnit + counted.queries;
  gas.used = reportedGas(limit, outcome, { external, refund: 0n });
  if (outcome.result.kind === "failed") return throwFailure(outcome.result);
  workBudget.take(outcome.result.output.length);
  storage.flush(services.crypto, random);
  // Only now: a flush that fails costs the whole.
  const refund = rules.refund ? counted.written * WRITE_GAS_PER_BYTE : 0n;
  gas.used = reportedGas(limit, outcome, { external, refund });
  return outcome.result.output;
}

function debugPrint({ tree }: Frame, contract: Contract): EngineImports["debugPrint"] {
  const { chainId, host } = tree.services;
  if (!isDevelopmentChain(chainId)) return undefined;
  return (message) => {
    tree.workBudget.takeQuery(message.length);
    host.call("debugPrint", { contract: contract.bytes, message: message.subarray(0, LIMITS.message) });
  };
}
