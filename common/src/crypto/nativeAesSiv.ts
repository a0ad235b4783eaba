/**
 * AES-SIV (RFC 5297, AES-128) composed of Node's AES.
 *
 * Opening a cipher costs several times what a short message costs, so each key keeps two open ones: a CBC cipher whose chain
 * carries the CMACs one after another, and an ECB cipher that makes key streams. Spec: enclave §0.1.
 * @module
 */
import { EMPTY_BYTES, equalBytesConstantTime } from "../bytes.ts";
import { BoundedCache } from "./boundedCache.ts";
import type { Crypto } from "./crypto.ts";
import type { NodeCipher, NodeCryptoPower } from "./nodeCryptoPower.ts";

const BLOCK = 16;
const CACHED_KEYS = 256;
/** Above this length opening a CTR cipher is cheaper than xoring in JavaScript. */
const SHORT_MESSAGE = 512;
const SCRATCH = 1024;

/** One array for what AES is about to read: a new one of more than 64 bytes costs as much as its encryption. */
class Scratch {
  readonly #bytes = new Uint8Array(SCRATCH);

  /** `length` bytes of any content, until the next call. */
  take(length: number): Uint8Array {
    return length > SCRATCH ? new Uint8Array(length) : this.#bytes.subarray(0, length);
  }

  /** Forgets what the array held. */
  wipe(): void {
    this.#bytes.fill(0);
  }
}

type SivKey = {
  readonly cbc: NodeCipher;
  /** The last block that `cbc` gave: its next input is xored with it. */
  readonly chain: Uint8Array;
  readonly ecb: NodeCipher;
  /** CMAC subkeys for a complete and for a padded last block (RFC 4493 §2.3). */
  readonly complete: Uint8Array;
  readonly padded: Uint8Array;
  readonly scratch: Scratch;
  /** S2V before any string, and after one empty string: where most calls begin. */
  readonly s2vStart: Uint8Array;
  readonly s2vAfterEmpty: Uint8Array;
};

/** Doubling in GF(2^128), RFC 5297 §2.3. */
function double(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(BLOCK);
  let carry = 0;
  for (let i = BLOCK - 1; i >= 0; i--) {
    const byte = block[i] as number;
    out[i] = (byte << 1) | carry;
    carry = byte >> 7;
  }
  (out[BLOCK - 1] as number) ^= carry * 0x87;
  return out;
}

/** Xors `source` into `target` at `offset`. */
function xorInto(target: Uint8Array, offset: number, source: Uint8Array): void {
  for (let i = 0; i < source.length; i++) (target[offset + i] as number) ^= source[i] as number;
}

/** CMAC of `data`, with `tail` (a block, or nothing) xored into the end of `data` first. */
function cmac(key: SivKey, data: Uint8Array, tail: Uint8Array): Uint8Array {
  const length = Math.max(BLOCK, Math.ceil(data.length / BLOCK) * BLOCK);
  const blocks = key.scratch.take(length);
  blocks.set(data);
  blocks.fill(0, data.length);
  xorInto(blocks, data.length - tail.length, tail);
  if (data.length === length) {
    xorInto(blocks, length - BLOCK, key.complete);
  } else {
    blocks[data.length] = 0x80;
    xorInto(blocks, length - BLOCK, key.padded);
  }
  // CBC xors in the block it gave last; xoring the same once more makes the chain start from zero, as CMAC does.
  xorInto(blocks, 0, key.chain);
  key.chain.set(key.cbc.update(blocks).subarray(length - BLOCK));
  return key.chain.slice();
}

function absorb(key: SivKey, state: Uint8Array, text: Uint8Array): Uint8Array {
  const next = double(state);
  xorInto(next, 0, cmac(key, text, EMPTY_BYTES));
  return next;
}

/** The synthetic IV, RFC 5297 §2.4. */
function s2v(key: SivKey, associatedData: readonly Uint8Array[], plaintext: Uint8Array): Uint8Array {
  let state = key.s2vStart;
  for (const [i, text] of associatedData.entries()) {
    state = i === 0 && text.length === 0 ? key.s2vAfterEmpty : absorb(key, state, text);
  }
  if (plaintext.length >= BLOCK) return cmac(key, plaintext, state);
  const last = double(state);
  xorInto(last, 0, plaintext);
  (last[plaintext.length] as number) ^= 0x80;
  return cmac(key, last, EMPTY_BYTES);
}

function makeSivKey(power: NodeCryptoPower, scratch: Scratch, key: Uint8Array): SivKey {
  const macKey = key.subarray(0, BLOCK);
  const zero = new Uint8Array(BLOCK);
  const cbc = power.createCipheriv("aes-128-cbc", macKey, zero);
  const ecb = power.createCipheriv("aes-128-ecb", key.subarray(BLOCK), null);
  cbc.setAutoPadding(false);
  ecb.setAutoPadding(false);
  // Copied into a plain array: `slice` of a Buffer would share its memory.
  const chain = new Uint8Array(cbc.update(zero));
  const complete = double(chain);
  const bare = { cbc, chain, ecb, scratch, complete, padded: double(complete), s2vStart: zero, s2vAfterEmpty: zero };
  const s2vStart = cmac(bare, zero, EMPTY_BYTES);
  return { ...bare, s2vStart, s2vAfterEmpty: absorb(bare, s2vStart, EMPTY_BYTES) };
}

/** @throws RangeError unless the key has 32 bytes: AES-SIV with larger keys is not in the protocol. */
function checkKey(key: Uint8Array): void {
  if (key.length !== 2 * BLOCK) throw new RangeError(`AES-SIV key: expected 32 bytes, got ${key.length}`);
}

/** AES-SIV with the key schedules of the last {@link CACHED_KEYS} keys kept. */
export function makeNativeAesSiv(power: NodeCryptoPower): Pick<Crypto, "aesSivEncrypt" | "aesSivDecrypt"> {
  const keys = new BoundedCache<SivKey>(CACHED_KEYS);
  const scratch = new Scratch();
  const makeKey = (key: Uint8Array): SivKey => makeSivKey(power, scratch, key);

  /** Writes `input` xored with the key stream of `iv` to `output` at `offset`. */
  function applyKeyStream(
    key: Uint8Array,
    ecb: NodeCipher,
    iv: Uint8Array,
    input: Uint8Array,
    output: Uint8Array,
    offset: number,
  ): void {
    const counter = new Uint8Array(iv);
    (counter[8] as number) &= 0x7f;
    (counter[12] as number) &= 0x7f;
    if (input.length > SHORT_MESSAGE) {
      output.set(power.createCipheriv("aes-128-ctr", key.subarray(BLOCK), counter).update(input), offset);
      return;
    }
    const blocks = scratch.take(Math.ceil(input.length / BLOCK) * BLOCK);
    // Bit 31 is cleared, so counting up never leaves the last four bytes.
    const first =
      ((counter[12] as number) << 24) |
      ((counter[13] as number) << 16) |
      ((counter[14] as number) << 8) |
      (counter[15] as number);
    for (let at = 0; at < blocks.length; at += BLOCK) {
      const count = first + at / BLOCK;
      blocks.set(counter, at);
      blocks[at + 12] = count >>> 24;
      blocks[at + 13] = count >>> 16;
      blocks[at + 14] = count >>> 8;
      blocks[at + 15] = count;
    }
    const stream = ecb.update(blocks);
    for (let i = 0; i < input.length; i++) output[offset + i] = (input[i] as number) ^ (stream[i] as number);
  }

  return {
    aesSivEncrypt(key, associatedData, plaintext) {
      checkKey(key);
      const sivKey = keys.getOrMake(key, makeKey);
      const out = new Uint8Array(BLOCK + plaintext.length);
      const iv = s2v(sivKey, associatedData, plaintext);
      out.set(iv);
      if (plaintext.length > 0) applyKeyStream(key, sivKey.ecb, iv, plaintext, out, BLOCK);
      scratch.wipe();
      return out;
    },
    aesSivDecrypt(key, associatedData, ciphertext) {
      checkKey(key);
      if (ciphertext.length < BLOCK) return undefined;
      const sivKey = keys.getOrMake(key, makeKey);
      const iv = ciphertext.subarray(0, BLOCK);
      const plaintext = new Uint8Array(ciphertext.length - BLOCK);
      if (plaintext.length > 0) applyKeyStream(key, sivKey.ecb, iv, ciphertext.subarray(BLOCK), plaintext, 0);
      const expected = s2v(sivKey, associatedData, plaintext);
      scratch.wipe();
      if (equalBytesConstantTime(iv, expected)) return plaintext;
      plaintext.fill(0);
      return undefined;
    },
  };
}
