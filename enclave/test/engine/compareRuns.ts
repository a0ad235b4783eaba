/**
 * Runs a contract on V8 after the rewrite and under the slow meter as it was written, and tells where the two differ.
 */
import { createHash } from "node:crypto";
import { bytesToHex, u32le, utf8ToBytes } from "@sotto/common/bytes";
import type { ContractModule, Engine, EngineCall, EngineOutcome, EntryPoint } from "../../src/engine/engine.ts";
import { EngineErrorCode as Code } from "../../src/engine/engineError.ts";
import { makeEngine } from "../../src/engine/makeEngine.ts";
import { makeObserver, type Observed, type Observer } from "./observer.ts";
import { type MeterCall, type Metered, meterCall } from "./slowMeter/meterContract.ts";
import { type Module, readModule } from "./slowMeter/readModule.ts";
import type { TrapKind } from "./slowMeter/trap.ts";
import { crypto, openCode } from "./testContract.ts";

const CODES: Readonly<Record<TrapKind, Code>> = {
  panic: Code.ContractPanicUnreachable,
  memory: Code.MemoryAccessOutOfBounds,
  division: Code.DivisionByZero,
  table: Code.TableAccessOutOfBounds,
  signature: Code.UnexpectedSignature,
  stack: Code.StackOverflow,
  uncallable: Code.FailedFunctionCall,
  gas: Code.OutOfGas,
  allocation: Code.MemoryAllocation,
  read: Code.MemoryRead,
  "query write": Code.UnauthorizedWrite,
  thread: Code.Panicked,
  unknown: Code.Unknown,
};

/** Exports, parameters and order of placement for v1 contracts (contracts §3.1, §3.2). */
const ENTRIES: Readonly<Record<EntryPoint, Pick<MeterCall, "entry" | "params" | "placed">>> = {
  instantiate: { entry: "instantiate", params: ["env", "info", "msg"], placed: ["env", "msg", "info"] },
  execute: { entry: "execute", params: ["env", "info", "msg"], placed: ["msg", "env", "info"] },
  query: { entry: "query", params: ["env", "msg"], placed: ["msg", "env"] },
  migrate: { entry: "migrate", params: ["env", "msg"], placed: ["env", "msg"] },
  reply: { entry: "reply", params: ["env", "msg"], placed: ["msg", "env"] },
  sudo: { entry: "sudo", params: ["env", "msg"], placed: ["msg", "env"] },
};
/** The same for v0.10 contracts. */
const OLD_ENTRIES: Readonly<Record<EntryPoint, Pick<MeterCall, "entry" | "params" | "placed">>> = {
  instantiate: { entry: "init", params: ["env", "msg"], placed: ["env", "msg"] },
  execute: { entry: "handle", params: ["env", "msg"], placed: ["msg", "env"] },
  query: { entry: "query", params: ["msg"], placed: ["msg"] },
  migrate: { entry: "migrate", params: ["env", "msg"], placed: ["env", "msg"] },
  reply: { entry: "handle", params: ["env", "msg"], placed: ["msg", "env"] },
  sudo: { entry: "handle", params: ["env", "msg"], placed: ["msg", "env"] },
};

export type CallParts = {
  readonly entry: EntryPoint;
  readonly env: Uint8Array;
  readonly info: Uint8Array;
  readonly msg: Uint8Array;
  readonly gasLimit: bigint;
  readonly readOnly: boolean;
  /** Queries run the same contract again. */
  readonly nests?: boolean;
};

/** Nested calls in one call. */
const MAX_QUERIES = 6;
const KEPT_REQUESTS = 20;

/** A chain with a store, whose answers depend on nothing else; it keeps a record of what it was asked. */
export class FakeChain {
  readonly store: Map<string, Uint8Array>;
  private readonly requests: string[] = [];
  private readonly digest = createHash("sha256");
  private asks = 0;
  /** Answers a query by a nested call with so much gas; where it is absent, and when too many were asked, the answer is short. */
  nested: ((gasLeft: bigint) => string) | undefined;
  private asked = 0;

  constructor(
    store: ReadonlyMap<string, Uint8Array> = new Map([[bytesToHex(utf8ToBytes("key1")), utf8ToBytes("nine byte")]]),
  ) {
    this.store = new Map(store);
  }

  /** Contracts can ask much and often: of each request only the beginning is kept, and of all of them together a digest. */
  private note(what: string, ...data: readonly Uint8Array[]): void {
    this.asks++;
    this.digest.update(what);
    for (const bytes of data) this.digest.update(u32le(bytes.length)).update(bytes);
    const starts = data.map((bytes) => `${bytesToHex(bytes.subarray(0, 40))} (${bytes.length})`);
    if (this.asks <= KEPT_REQUESTS) this.requests.push(`${what} ${starts.join(" ")}`);
  }

  /** What the contract asked for; the same text for the same requests. */
  get record(): string {
    return [...this.requests, `${this.asks} requests, ${this.digest.copy().digest("hex")}`].join("\n");
  }

  read(key: Uint8Array): Uint8Array | undefined {
    this.note("read", key);
    return this.store.get(bytesToHex(key));
  }

  write(key: Uint8Array, value: Uint8Array): void {
    this.note("write", key, value);
    this.store.set(bytesToHex(key), value);
  }

  remove(key: Uint8Array): void {
    this.note("remove", key);
    this.store.delete(bytesToHex(key));
  }

  query(request: Uint8Array, gasLeft: bigint): Uint8Array {
    this.note(`query with ${gasLeft}`, request);
    if (this.nested === undefined || ++this.asked > MAX_QUERIES)
      return utf8ToBytes(`{"Ok":{"Ok":"${request.length}"}}`);
    const answer = this.nested(gasLeft / 2n);
    this.note(answer);
    return utf8ToBytes(answer);
  }

  /** As the engine's imports. */
  get imports(): EngineCall["imports"] {
    return {
      read: (key) => this.read(key),
      write: (key, value) => this.write(key, value),
      remove: (key) => this.remove(key),
      query: (request, gasLeft) => this.query(request, gasLeft),
      work: () => {},
      verifyQuote: () => "refused",
      debugPrint: undefined,
    };
  }
}

/** One code, ready for both. */
export class Compared {
  readonly module: Module;
  private readonly engine: Engine;
  private readonly opened: ContractModule;
  private readonly observer: Observer;

  /** @throws {EngineError} if the engine does not open the code */
  constructor(code: Uint8Array) {
    this.observer = makeObserver();
    this.engine = makeEngine({ crypto, wasm: this.observer.power, cacheSize: 1 });
    this.opened = openCode(this.engine, code);
    this.module = readModule(code); // which trusts what it reads
  }

  /**
   * @param parts `nests`: queries run the same contract again
   * @returns what both came to; @throws {Error} naming the first difference
   */
  run(
    parts: CallParts,
    store?: ReadonlyMap<string, Uint8Array>,
  ): { readonly metered: Metered; readonly chain: FakeChain } {
    const [theirs, ours] = [new FakeChain(store), new FakeChain(store)];
    if (parts.nests === true) {
      theirs.nested = (gasLimit) => summaryOf(this.onV8({ ...parts, gasLimit }, theirs));
      ours.nested = (gasLimit) => summaryOf(this.onMeter({ ...parts, gasLimit }, ours));
    }
    const outcome = this.onV8(parts, theirs);
    const observed = this.observer.take();
    const metered = this.onMeter(parts, ours);
    requireSame("outcome", summaryOf(outcome), summaryOf(metered));
    requireSame("requests to the chain", theirs.record, ours.record);
    if (observed !== undefined) compareState(observed, metered);
    return { metered, chain: ours };
  }

  private onV8(parts: CallParts, chain: FakeChain): EngineOutcome {
    return this.engine.run(this.opened, { ...parts, imports: chain.imports });
  }

  /** Always as if on a new instance. */
  private onMeter({ entry, env, info, msg, gasLimit, readOnly }: CallParts, host: FakeChain): Metered {
    const rule = (this.opened.api === "v1" ? ENTRIES : OLD_ENTRIES)[entry];
    return meterCall(this.module, { ...rule, args: { env, info, msg }, gasLimit, readOnly, host });
  }
}

function summaryOf(run: EngineOutcome | Metered): string {
  let end: string;
  if ("end" in run) end = run.end === "returned" ? `returned ${hex(run.output)}` : `failed ${CODES[run.end]}`;
  else end = run.result.kind === "returned" ? `returned ${hex(run.result.output)}` : `failed ${run.result.error.code}`;
  return `${end}, ${run.remaining} left, ${run.exhausted} exhausted`;
}

const hex = (bytes: Uint8Array | undefined): string => bytesToHex(bytes ?? new Uint8Array(0));

function compareState(observed: Observed, { machine }: Metered): void {
  if (machine === undefined) throw new Error("V8 ran what the meter could not link");
  // The engine's own globals come after the contract's, and floats are not looked at.
  const isInteger = (_: unknown, i: number): boolean => machine.module.globals[i]?.type.startsWith("i") ?? false;
  requireSame("globals", observed.globals.filter(isInteger).join(), machine.globals.filter(isInteger).join());
  requireSame("pages", observed.memory.length, machine.bytes.length);
  const at =
    Buffer.compare(observed.memory, machine.bytes) === 0
      ? -1
      : observed.memory.findIndex((byte, i) => byte !== machine.bytes[i]);
  if (at >= 0) throw new Error(`memory at ${at}: V8 has ${observed.memory[at]}, the meter ${machine.bytes[at]}`);
}

function requireSame(what: string, v8: unknown, meter: unknown): void {
  if (v8 !== meter) throw new Error(`${what}: V8 has ${short(v8)}, the meter ${short(meter)}`);
}

const short = (value: unknown): string => String(value).slice(0, 400);
