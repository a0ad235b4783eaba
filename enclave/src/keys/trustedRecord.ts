/**
 * What the enclave trusts across blocks and restarts (consensus §3.5), and the form in which it is sealed.
 * @module
 */

import type { Of } from "@sotto/boundary/codec";
import { bool, decode, encode, fixed, list, option, struct, text, u8, u64 } from "@sotto/boundary/codec";
import { LIMITS } from "@sotto/boundary/messages";
import { equalBytes } from "@sotto/common/bytes";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { MAX_SEEDS, MIN_SEEDS, SEED_LENGTH } from "./keyTree.ts";

const hash = fixed(32);

export const anchor = struct({
  initialHeight: u64,
  genesisTimeNs: u64,
  validatorsHash: hash,
  appHash: hash,
  /** SHA-256 of the genesis file. */
  genesisHash: hash,
});

/** Roots of the proven stores. */
const provenRoots = struct({ compute: hash, register: hash });

const acceptedBlock = struct({
  height: u64,
  hash,
  /** The set that signed this block. */
  validatorsHash: hash,
  nextValidatorsHash: hash,
  timeNs: u64,
  /** The header's: outcome of the block before. */
  appHash: hash,
});

const record = struct({
  /** Form of this record. */
  version: u8,
  chainId: text(LIMITS.chainId),
  /** Two to five, oldest first. */
  seeds: list(fixed(SEED_LENGTH), MAX_SEEDS),
  /**
   * Seeds under which blocks' randoms were made, each with the height of its first: below, earlier ones make a random too; from it
   * on they make none (enclave §9.2). Heights are kept so that a block that is run again finds the seeds of its time.
   */
  randomSeeds: list(struct({ seedId: u8, from: u64 }), MAX_SEEDS),
  anchor,
  /** The last block accepted; absent before the first. */
  last: option(acceptedBlock),
  /** What the last block came to, as this enclave computed it; absent if it was accepted without being run to its end. */
  rootsAfter: option(provenRoots),
  /** Made the network, and was admitted by nobody. */
  isFounder: bool,
  /** Secret of the registration key, by which this node was admitted; a founder may have none. */
  registrationSecret: option(fixed(32)),
  /** Hash of the record sealed before this one; zeros before the first (registration §7 R). */
  previous: hash,
  /** Grows with every sealing. */
  counter: u64,
  latched: bool,
});

/** What a network's first block must fit (consensus §3.5); times in nanoseconds since 1970. */
export type GenesisAnchor = Of<typeof anchor>;
export type ProvenRoots = Of<typeof provenRoots>;
export type AcceptedBlock = Of<typeof acceptedBlock>;
export type TrustedRecord = Of<typeof record>;
export type RandomSeed = TrustedRecord["randomSeeds"][number];

export const RECORD_VERSION = 3;

export function encodeTrustedRecord(value: TrustedRecord): Uint8Array {
  return encode(record, value);
}

/** @throws {BoundaryError} unless the bytes are one record */
export function decodeTrustedRecord(bytes: Uint8Array): TrustedRecord {
  return decode(record, bytes);
}

/** The oldest seed under which the random of the block at `height` may be made. Every network begins with {@link MIN_SEEDS}. */
export function oldestRandomSeed(randomSeeds: readonly RandomSeed[], height: bigint): number {
  return randomSeeds.filter(({ from }) => from < height).reduce((id, { seedId }) => Math.max(id, seedId), MIN_SEEDS);
}

/** Notes the seed of the random at `height`. */
export function noteRandomSeed(
  randomSeeds: readonly RandomSeed[],
  height: bigint,
  seedId: number,
): readonly RandomSeed[] {
  if (seedId <= MIN_SEEDS) return randomSeeds;
  const others = randomSeeds.filter((known) => known.seedId !== seedId);
  const known = randomSeeds.find((one) => one.seedId === seedId);
  return [...others, { seedId, from: known !== undefined && known.from < height ? known.from : height }];
}

/**
 * Rotation (enclave §1.1): the network's next seed. State is not rewritten; whatever is bound to an earlier seed stays readable.
 * @param seed 32 random bytes
 * @throws {RefusalError} SeedRefused
 */
export function appendSeed(trusted: TrustedRecord, seed: Uint8Array): TrustedRecord {
  const { seeds } = trusted;
  const refused = (reason: string) => new RefusalError(RefusalCode.SeedRefused, `rotation: ${reason}`);
  if (seed.length !== SEED_LENGTH) throw refused(`expected a seed of ${SEED_LENGTH} bytes, got ${seed.length}`);
  if (seeds.length < MIN_SEEDS || seeds.length >= MAX_SEEDS) {
    throw refused(`expected a network of ${MIN_SEEDS} to ${MAX_SEEDS - 1} seeds, this one has ${seeds.length}`);
  }
  if (seeds.some((known) => equalBytes(known, seed)))
    throw refused("expected a new seed, got one that the network has");
  return { ...trusted, seeds: [...seeds, seed] };
}
