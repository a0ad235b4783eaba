/**
 * One call of a contract under the slow meter: arguments placed, the entry point run, its output read, imports served.
 *
 * Spec: contracts §1.7 (linking), §2 (imports and regions), §3.2 (steps 1 to 5). What the chain would answer comes from the caller, so
 * that the engine and the meter can be given the same.
 */
import { addressImport } from "./addressImports.ts";
import { cryptoImport } from "./cryptoImports.ts";
import { Machine, PAGE } from "./machine.ts";
import type { Value } from "./numeric.ts";
import type { Module, Signature } from "./readModule.ts";
import { Trap, type TrapKind } from "./trap.ts";

/** Answers of the chain. */
export type MeterHost = {
  read(key: Uint8Array): Uint8Array | undefined;
  write(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
  query(request: Uint8Array, gasLeft: bigint): Uint8Array;
};

export type MeterCall = {
  /** Name of the export, its arguments in the order of its parameters, and the order in which they are placed. */
  readonly entry: string;
  readonly args: Readonly<Record<string, Uint8Array>>;
  readonly params: readonly string[];
  readonly placed: readonly string[];
  readonly gasLimit: bigint;
  readonly readOnly: boolean;
  readonly host: MeterHost;
};

export type Metered = {
  readonly end: TrapKind | "returned";
  readonly output: Uint8Array | undefined;
  readonly remaining: bigint;
  readonly exhausted: bigint;
  /** Undefined if the module cannot be linked. */
  readonly machine: Machine | undefined;
};

type ImportRule = readonly [params: number, result: "i32" | "i64" | undefined];
const RULES: Readonly<Record<string, ImportRule>> = {
  db_read: [1, "i32"],
  db_write: [2, undefined],
  db_remove: [1, undefined],
  canonicalize_address: [2, "i32"],
  humanize_address: [2, "i32"],
  addr_canonicalize: [2, "i32"],
  addr_humanize: [2, "i32"],
  addr_validate: [1, "i32"],
  query_chain: [1, "i32"],
  secp256k1_verify: [3, "i32"],
  secp256k1_recover_pubkey: [3, "i64"],
  secp256k1_sign: [2, "i64"],
  ed25519_verify: [3, "i32"],
  ed25519_batch_verify: [3, "i32"],
  ed25519_sign: [2, "i64"],
  dcap_quote_verify: [2, "i64"],
  check_gas: [0, "i64"],
  gas_evaporate: [1, "i32"],
  debug: [1, undefined],
  debug_print: [1, undefined],
};
const isKnown = (name: string): boolean => Object.hasOwn(RULES, name);

function canLink(module: Module): boolean {
  const imports = module.imports.every(({ module: from, name, type }) => {
    if (from !== "env" || !isKnown(name)) return true;
    const [count, result] = RULES[name] as ImportRule;
    const signature = module.types[type] as Signature;
    return `${signature.params}` === `${new Array(count).fill("i32")}` && signature.result === result;
  });
  return (
    imports &&
    module.data.every(({ offset, bytes }) => offset + bytes.length <= module.pages * PAGE) &&
    module.elements.every(({ offset, functions }) => offset + functions.length <= module.tableSize)
  );
}

export function meterCall(module: Module, call: MeterCall): Metered {
  const { gasLimit } = call;
  if (!canLink(module)) {
    return { end: "unknown", output: undefined, remaining: gasLimit, exhausted: 0n, machine: undefined };
  }
  const run = new ContractRun(module, call);
  const { machine } = run;
  try {
    const output = run.run();
    return { end: "returned", output, remaining: machine.gas, exhausted: machine.exhausted, machine };
  } catch (error) {
    if (!(error instanceof Trap)) throw error;
    if (error.kind === "thread") {
      // The enclave's thread is lost: half of the limit is charged (contracts §4.3).
      return { end: "thread", output: undefined, remaining: gasLimit - gasLimit / 2n, exhausted: 0n, machine };
    }
    return { end: error.kind, output: undefined, remaining: machine.gas, exhausted: machine.exhausted, machine };
  }
}

class ContractRun {
  readonly machine: Machine;
  private readonly call: MeterCall;
  private allocating = false;

  constructor(module: Module, call: MeterCall) {
    this.call = call;
    this.machine = new Machine(module, { isKnown, serve: (name, args) => this.serve(name, args) }, call.gasLimit);
  }

  run(): Uint8Array {
    const { call, machine } = this;
    const pointers: Record<string, number> = {};
    for (const name of call.placed) pointers[name] = this.place(call.args[name] as Uint8Array, true);
    if (!this.hasType(call.entry, call.params.length)) throw new Trap("uncallable");
    return this.read(
      machine.enter(
        call.entry,
        call.params.map((name) => pointers[name] as number),
      ),
    );
  }

  /** Whether an export is a function of so many pointers to a pointer. */
  private hasType(name: string, params: number): boolean {
    const { module } = this.machine;
    const index = module.exports.get(name);
    if (index === undefined) return false;
    const type = module.types[module.functions[index] as number] as Signature;
    return `${type.params}>${type.result}` === `${new Array(params).fill("i32")}>i32`;
  }

  // ---- regions, contracts §2.1

  private get size(): number {
    return this.machine.pages * PAGE;
  }

  private read(pointer: number): Uint8Array {
    const at = pointer >>> 0;
    if (at === 0 || at + 12 > this.size) throw new Trap("read");
    const [offset, length] = [this.machine.word(at), this.machine.word(at + 8)];
    if (offset === 0 || offset + length > this.size) throw new Trap("read");
    return this.machine.bytes.slice(offset, offset + length);
  }

  private write(pointer: number, data: Uint8Array): void {
    const at = pointer >>> 0;
    if (at + 12 > this.size) throw new Trap("read");
    const [offset, capacity] = [this.machine.word(at), this.machine.word(at + 4)];
    if (offset === 0 || capacity < data.length || offset + data.length > this.size) throw new Trap("read");
    this.machine.bytes.set(data, offset);
    // The data may lie over the region itself; the length is written last.
    new DataView(this.machine.bytes.buffer).setUint32(at + 8, data.length, true);
  }

  /** New data for the contract, through its allocator. */
  private place(data: Uint8Array, isArgument = false): number {
    if (!this.hasType("allocate", 1)) throw new Trap("allocation");
    this.allocating = true;
    const pointer = this.allocate(data.length, isArgument);
    this.allocating = false;
    this.write(pointer, data);
    return pointer;
  }

  private allocate(length: number, isArgument: boolean): number {
    try {
      return isArgument ? this.machine.enter("allocate", [length]) : this.machine.invoke("allocate", [length]);
    } catch (error) {
      if (!(error instanceof Trap) || error.kind === "thread") throw error;
      throw new Trap("allocation");
    }
  }

  private useGas(amount: bigint): void {
    this.machine.charge(amount);
  }

  // ---- imports, contracts §2.2

  private serve(name: string, args: readonly number[]): Value | undefined {
    const [a = 0, b = 0] = args;
    if (this.allocating) throw new Trap("thread");
    if (name === "debug" || name === "debug_print") return undefined;
    const { host } = this.call;
    switch (name) {
      case "db_read": {
        this.useGas(1000n);
        const value = host.read(this.read(a));
        return value === undefined ? 0 : this.place(value);
      }
      case "db_write": {
        if (this.call.readOnly) throw new Trap("query write");
        this.useGas(2000n);
        const [key, value] = [this.read(a), this.read(b)];
        this.useGas(5000n * BigInt(value.length));
        host.write(key, value);
        return undefined;
      }
      case "db_remove":
        if (this.call.readOnly) throw new Trap("query write");
        host.remove(this.read(a));
        return undefined;
      case "query_chain":
        return this.place(host.query(this.read(a), this.machine.gas));
      case "check_gas":
        this.useGas(8192n);
        return (this.call.gasLimit - this.machine.gas) / 1000n;
      case "gas_evaporate": {
        const amount = BigInt.asUintN(64, BigInt(a) * 1000n);
        this.useGas(amount < 8000n ? 8000n : amount);
        return 0;
      }
      default:
        return name.includes("addr") ? this.serveAddress(name, a, b) : this.serveCrypto(name, args);
    }
  }

  private serveAddress(name: string, a: number, b: number): number {
    this.useGas(8192n);
    const result = addressImport(name, this.read(a));
    if (result === undefined) return 0;
    if ("fault" in result) return this.place(new TextEncoder().encode(result.fault));
    this.write(b, result.out);
    return 0;
  }

  private serveCrypto(name: string, args: readonly number[]): Value {
    const result = cryptoImport(
      name,
      (amount) => this.useGas(amount),
      args,
      (pointer) => this.read(pointer),
    );
    return result instanceof Uint8Array ? BigInt(this.place(result) >>> 0) : result;
  }
}
