/**
 * The enclave as a light client: what a block's verification and what its sealed record cost.
 *
 *     npm run build && node bench/lightClient.bench.mjs [--rounds 30]
 *
 * Prints the tables of bench/README.md, section "light client". Verification of 4 and of 80 validators' signatures with the crypto of
 * the platform and, in the same rounds, with its portable twin; sealing in the enclave, and the durable write of the file beside a
 * plain commit of the database. All rows take turns, so that what else the machine does falls on all of them alike.
 */
import * as nodeCrypto from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeNativeCrypto } from "@sotto/common/crypto/nativeCrypto";
import { makeNobleCrypto } from "@sotto/common/crypto/nobleCrypto";
import { dataHash } from "@sotto/common/merkle/blockHashes";
import { headerHash } from "@sotto/common/merkle/headerHash";
import { validatorsHash } from "@sotto/common/merkle/validatorsHash";
import { BlockIdFlag, Commit } from "@sotto/common/wire/commit";
import { BlockId, Header } from "@sotto/common/wire/header";
import { voteSignBytes } from "@sotto/common/wire/signBytes";
import { toConsensusPublicKey } from "@sotto/common/wire/validator";
import { SignedMessageType } from "@sotto/common/wire/vote";
import { verifyBlock } from "../enclave/dist/block/verifyBlock.js";
import { SealLabel, seal, unseal } from "../enclave/dist/keys/sealing.js";
import { sealedFile } from "../host/dist/node/sealedFile.js";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "30" } } });
const ROUNDS = Number(values.rounds);
const native = makeNativeCrypto(nodeCrypto, WebAssembly);
const portable = makeNobleCrypto();
const zeros = new Uint8Array(32);

/** A first block signed by so many validators of equal power, and what it is verified against. */
function blockOf(count) {
  const set = Array.from({ length: count }, (_, i) => {
    const seed = native.sha256(Uint8Array.of(i, i >> 8));
    const publicKey = native.ed25519PublicKey(seed);
    return { seed, publicKey, address: native.sha256(publicKey).slice(0, 20), power: 10n };
  }).sort((a, b) => Buffer.compare(a.address, b.address));
  const root = validatorsHash(
    native,
    set.map(({ publicKey, power }) => ({ publicKey: toConsensusPublicKey(publicKey), votingPower: power })),
  );
  const header = {
    version: { block: 11n, app: 0n },
    chainId: "bench-1",
    height: 1n,
    time: { seconds: 1_735_689_600n, nanos: 0 },
    lastBlockId: BlockId.zero,
    lastCommitHash: zeros,
    dataHash: dataHash(native, []),
    validatorsHash: root,
    nextValidatorsHash: root,
    consensusHash: zeros,
    appHash: zeros,
    lastResultsHash: zeros,
    evidenceHash: zeros,
    proposerAddress: set[0].address,
  };
  const blockId = { hash: headerHash(native, header), partSetHeader: { total: 1, hash: zeros } };
  const timestamp = { seconds: 1_735_689_601n, nanos: 0 };
  const vote = { type: SignedMessageType.Precommit, height: 1n, round: 0, blockId, timestamp };
  const bytes = voteSignBytes("bench-1", vote);
  const signatures = set.map(({ seed, address }) => ({
    blockIdFlag: BlockIdFlag.Commit,
    validatorAddress: address,
    timestamp,
    signature: native.ed25519Sign(bytes, seed),
  }));
  const block = {
    header: Header.encode(header),
    commit: Commit.encode({ height: 1n, round: 0, blockId, signatures }),
    validators: set.map(({ address, publicKey, power }) => ({ address, publicKey, power })),
    transactions: [],
  };
  const anchor = {
    initialHeight: 1n,
    genesisTimeNs: 1_735_689_600_000_000_000n,
    validatorsHash: root,
    appHash: zeros,
    genesisHash: zeros,
  };
  return { block, trust: { chainId: "bench-1", anchor, last: undefined } };
}

const folder = mkdtempSync(join(tmpdir(), "sotto-bench-"));
const power = {
  sealingKey: () => zeros,
  randomBytes: (n) => new Uint8Array(nodeCrypto.randomBytes(n)),
  measurement: zeros,
};
const about = { label: SealLabel.Network, counter: 1n, height: 1n, chainId: "bench-1", previous: zeros };
const record = new Uint8Array(600);
const sealed = seal(native, power, about, record);
mkdirSync(join(folder, "sealed"));
const file = sealedFile(join(folder, "sealed", "network.sealed"));
const plain = openSync(join(folder, "plain"), "w");

const four = blockOf(4);
const eighty = blockOf(80);
const rows = {
  "verify, 4 validators, platform's crypto": () => verifyBlock(native, four.trust, four.block),
  "verify, 4 validators, portable crypto": () => verifyBlock(portable, four.trust, four.block),
  "verify, 80 validators, platform's crypto": () => verifyBlock(native, eighty.trust, eighty.block),
  "verify, 80 validators, portable crypto": () => verifyBlock(portable, eighty.trust, eighty.block),
  "seal a record": () => seal(native, power, about, record),
  "unseal a record": () => unseal(native, power, SealLabel.Network, sealed),
  "write the sealed file durably": () => file.save(sealed),
  "one write and fsync, for comparison": () => {
    writeSync(plain, sealed, 0, sealed.length, 0);
    fsyncSync(plain);
  },
};
const times = Object.fromEntries(Object.keys(rows).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(rows)) {
    const start = performance.now();
    run();
    times[name].push(performance.now() - start);
  }
}
closeSync(plain);
rmSync(folder, { recursive: true });
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
console.log(`median of ${ROUNDS} rounds, ms`);
for (const [name, list] of Object.entries(times)) console.log(`${name.padEnd(44)} ${median(list).toFixed(3)}`);
