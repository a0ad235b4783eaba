/**
 * One of the contracts of `contracts/wasm`, on an engine with a store of its own.
 */
import { readFileSync } from "node:fs";
import { encodeBech32 } from "@sotto/common/bech32";
import { base64ToBytes, bytesToBase64, bytesToUtf8, utf8ToBytes } from "@sotto/common/bytes";
import type { ContractModule, EngineCall, EngineOutcome, EntryPoint } from "../../src/engine/engine.ts";
import { call, errorText, newEngine, openCode, storeImports, type TestStore } from "../engine/testContract.ts";

export const [ALICE, BOB, CONTRACT] = [1, 2, 3].map((n) => encodeBech32("secret", new Uint8Array(20).fill(n))) as [
  string,
  string,
  string,
];

export const json = (value: unknown): Uint8Array => utf8ToBytes(JSON.stringify(value));
export const b64 = (data: string | Uint8Array): string =>
  bytesToBase64(typeof data === "string" ? utf8ToBytes(data) : data);

export function rustWasm(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../../contracts/wasm/${name}.wasm`, import.meta.url)));
}

const CODE_HASH = "a".repeat(64);
const ENV = json({
  block: { height: 12, time: "1580310600000000001", chain_id: "secretdev-1", random: `${"A".repeat(43)}=` },
  transaction: null,
  contract: { address: CONTRACT, code_hash: CODE_HASH },
});

/** contracts §5.1 */
function envV010(sender: string): Uint8Array {
  return json({
    block: { height: 12, time: 1580310600, chain_id: "secretdev-1" },
    message: { sender, sent_funds: [] },
    contract: { address: CONTRACT },
    contract_key: null,
    contract_code_hash: CODE_HASH,
    transaction: null,
  });
}

export class RustContract {
  readonly engine = newEngine();
  readonly store: TestStore = new Map();
  readonly module: ContractModule;

  constructor(name: string) {
    const code = rustWasm(name);
    this.engine.checkCode(code);
    this.module = openCode(this.engine, code, true);
  }

  run(entry: EntryPoint, message: unknown, sender = ALICE, more: Partial<EngineCall> = {}): EngineOutcome {
    const imports = storeImports(this.store);
    const v1 = { env: ENV, info: json({ sender, funds: [] }) };
    const inputs = this.module.api === "v1" ? v1 : { env: envV010(sender), info: new Uint8Array(0) };
    return this.engine.run(this.module, call(entry, { ...inputs, msg: json(message), imports, ...more }));
  }

  /** What the contract returned, as text. */
  output(entry: EntryPoint, message: unknown, sender = ALICE): string {
    const { result } = this.run(entry, message, sender);
    if (result.kind === "failed") throw new Error(result.error.message);
    return bytesToUtf8(result.output);
  }

  /** The same as JSON. */
  answer(entry: EntryPoint, message: unknown, sender = ALICE): Record<string, unknown> {
    return JSON.parse(this.output(entry, message, sender)) as Record<string, unknown>;
  }

  /** What a query answered, as JSON. */
  query(message: unknown): unknown {
    const { Ok } = this.answer("query", message) as { Ok: string };
    return JSON.parse(bytesToUtf8(base64ToBytes(Ok)).trim());
  }

  /** What an operation of a probe came to in an execute, as JSON; undefined without data. */
  outcome(operation: unknown): unknown {
    const { Ok } = this.answer("execute", operation) as { Ok: { data: string | null } };
    return Ok.data === null ? undefined : JSON.parse(bytesToUtf8(base64ToBytes(Ok.data)));
  }

  /** The error text with which an operation of a probe ends an execute. */
  failure(operation: unknown, more: Partial<EngineCall> = {}): string | undefined {
    return errorText(this.run("execute", operation, ALICE, more));
  }
}
