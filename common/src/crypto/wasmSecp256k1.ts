/**
 * secp256k1 by libsecp256k1 compiled to WebAssembly and embedded in the bundle: three times as fast as JavaScript or more.
 *
 * The functions below are the C library's own (`secp256k1.h`, `secp256k1_recovery.h`); what the module asks of its
 * surroundings (memory layout, one table) was fixed by the compiler that made it.
 * @module
 */
import { base64ToBytes } from "../bytes.ts";
import type { WasmFunction, WasmInstance, WasmPower } from "../wasmPower.ts";
import type { Crypto } from "./crypto.ts";
import { isSecp256k1KeyForm } from "./secp256k1Key.ts";
import { SECP256K1_WASM_BASE64 } from "./secp256k1WasmBase64.ts";

type Secp256k1 = Pick<Crypto, "secp256k1Verify" | "secp256k1Recover" | "secp256k1Sign" | "secp256k1PublicKey">;

/** Flags of secp256k1_context_create: may verify, may sign. */
const CONTEXT_VERIFY_AND_SIGN = 0x301;
const COMPRESSED = 0x102;
const COMPRESSED_LENGTH = 33;

/** The memory that the module was linked for: static data from 1024 on, then stack, then heap. */
const MEMORY_PAGES = 256;
const STATIC_DATA_END = 1024 + 67_696 + 16;
const STACK_START = (STATIC_DATA_END + 4 + 15) & -16;
const HEAP_START = STACK_START + 5 * 1024 * 1024;
const TABLE_LENGTH = 6;

type Module = {
  readonly bytes: Uint8Array;
  readonly call: (name: string, ...args: readonly number[]) => number;
  readonly context: number;
  /** Addresses of the places through which arguments go; all of them are reused by every call. */
  readonly hash: number;
  readonly signature: number;
  readonly key: number;
  readonly secret: number;
  /** The library's own forms of a signature (recoverable or not) and of a key. */
  readonly parsedSignature: number;
  readonly parsedKey: number;
  readonly length: number;
};

function refuse(): never {
  throw new Error("secp256k1: the module called for what it never needs");
}

function instantiate(wasm: WasmPower): { instance: WasmInstance; bytes: Uint8Array } {
  const memory = new wasm.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
  new DataView(memory.buffer).setUint32(STATIC_DATA_END, HEAP_START, true);
  const bytes = new Uint8Array(memory.buffer);
  const env = {
    memory,
    table: new wasm.Table({ element: "anyfunc", initial: TABLE_LENGTH, maximum: TABLE_LENGTH }),
    tableBase: 0,
    DYNAMICTOP_PTR: STATIC_DATA_END,
    STACKTOP: STACK_START,
    getTotalMemory: () => memory.buffer.byteLength,
    _emscripten_memcpy_big: (target: number, source: number, length: number) => {
      bytes.copyWithin(target, source, source + length);
      return target;
    },
    abort: refuse,
    _abort: refuse,
    enlargeMemory: refuse,
    abortOnCannotGrowMemory: refuse,
    ___setErrNo: refuse,
  };
  return { instance: new wasm.Instance(new wasm.Module(base64ToBytes(SECP256K1_WASM_BASE64)), { env }), bytes };
}

function load(wasm: WasmPower): Module {
  const { instance, bytes } = instantiate(wasm);
  const call = (name: string, ...args: readonly number[]): number =>
    (instance.exports[name] as WasmFunction)(...args) as number;
  const allocate = (length: number): number => call("_malloc", length);
  return {
    bytes,
    call,
    context: call("_secp256k1_context_create", CONTEXT_VERIFY_AND_SIGN),
    hash: allocate(32),
    signature: allocate(64),
    key: allocate(65),
    secret: allocate(32),
    parsedSignature: allocate(65),
    parsedKey: allocate(64),
    length: allocate(4),
  };
}

function readCompressedKey(m: Module): Uint8Array {
  new DataView(m.bytes.buffer).setUint32(m.length, COMPRESSED_LENGTH, true);
  m.call("_secp256k1_ec_pubkey_serialize", m.context, m.key, m.length, m.parsedKey, COMPRESSED);
  return m.bytes.slice(m.key, m.key + COMPRESSED_LENGTH);
}

/** Runs with the private key in the module's memory and wipes it there. */
function withSecret(m: Module, privateKey: Uint8Array, run: () => Uint8Array | undefined): Uint8Array | undefined {
  m.bytes.set(privateKey, m.secret);
  try {
    return run();
  } finally {
    m.bytes.fill(0, m.secret, m.secret + 32);
  }
}

/** Loads the module (about 10 ms, most of it tables) when it is first needed. */
export function makeWasmSecp256k1(wasm: WasmPower): Secp256k1 {
  let loaded: Module | undefined;
  const secp256k1 = (): Module => {
    loaded ??= load(wasm);
    return loaded;
  };
  return {
    secp256k1Verify(hash, signature, publicKey) {
      if (hash.length !== 32) return "malformedHash";
      if (signature.length !== 64) return "malformedSignature";
      if (!isSecp256k1KeyForm(publicKey)) return "malformedKey";
      const m = secp256k1();
      m.bytes.set(hash, m.hash);
      m.bytes.set(signature, m.signature);
      m.bytes.set(publicKey, m.key);
      const isDecodable =
        m.call("_secp256k1_ecdsa_signature_parse_compact", m.context, m.parsedSignature, m.signature) === 1 &&
        m.call("_secp256k1_ec_pubkey_parse", m.context, m.parsedKey, m.key, publicKey.length) === 1;
      if (!isDecodable) return "undecodable";
      return m.call("_secp256k1_ecdsa_verify", m.context, m.parsedSignature, m.hash, m.parsedKey) === 1
        ? "valid"
        : "invalid";
    },
    secp256k1Recover(hash, signature, recoveryId) {
      if (hash.length !== 32 || signature.length !== 64 || ![0, 1, 2, 3].includes(recoveryId)) return undefined;
      const m = secp256k1();
      m.bytes.set(hash, m.hash);
      m.bytes.set(signature, m.signature);
      const parse = "_secp256k1_ecdsa_recoverable_signature_parse_compact";
      if (m.call(parse, m.context, m.parsedSignature, m.signature, recoveryId) !== 1) return undefined;
      if (m.call("_secp256k1_ecdsa_recover", m.context, m.parsedKey, m.parsedSignature, m.hash) !== 1) return undefined;
      return readCompressedKey(m);
    },
    secp256k1Sign(hash, privateKey) {
      if (hash.length !== 32) throw new RangeError(`hash: expected 32 bytes, got ${hash.length}`);
      if (privateKey.length !== 32) return undefined;
      const m = secp256k1();
      m.bytes.set(hash, m.hash);
      return withSecret(m, privateKey, () => {
        // No nonce function given: the library's own, which is RFC 6979.
        if (m.call("_secp256k1_ecdsa_sign", m.context, m.parsedSignature, m.hash, m.secret, 0, 0) !== 1)
          return undefined;
        m.call("_secp256k1_ecdsa_signature_serialize_compact", m.context, m.signature, m.parsedSignature);
        return m.bytes.slice(m.signature, m.signature + 64);
      });
    },
    secp256k1PublicKey(privateKey) {
      if (privateKey.length !== 32) return undefined;
      const m = secp256k1();
      return withSecret(m, privateKey, () =>
        m.call("_secp256k1_ec_pubkey_create", m.context, m.parsedKey, m.secret) === 1
          ? readCompressedKey(m)
          : undefined,
      );
    },
  };
}
