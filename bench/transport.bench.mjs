/**
 * What it costs to cross between host and enclave: inline against process, with a bundle that does nothing else.
 *
 *     npm run build && node bench/transport.bench.mjs
 *
 * Prints microseconds (the median of several rounds) and their ratio; only ratios of one run compare. Start-up is the time
 * until the enclave answers its first call.
 * @module
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSimPlatform } from "@sotto/platform/sim";

const ROUNDS = 9;
const OCALLS_IN_AN_ECALL = 1_000;

/** First byte of a request: 0 answers with it, 1 makes ocalls with the rest of it. */
const BUNDLE = new TextEncoder().encode(`"use strict";
exports.makeEnclave = (powers) => ({
  ecall: (request) => {
    if (request[0] === 1) for (let i = 0; i < ${OCALLS_IN_AN_ECALL}; i++) powers.ocall(request);
    return request;
  },
});
`);

const folder = mkdtempSync(join(tmpdir(), "sotto-bench-"));
const platform = makeSimPlatform({ machineSecretFile: join(folder, "insecure-machine-secret") });
const real = new URL("../enclave/bundle/enclave.cjs", import.meta.url);

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

function measure(count, work) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = process.hrtime.bigint();
    work();
    return Number(process.hrtime.bigint() - start) / 1_000 / count;
  });
  return median(rounds);
}

function request(kind, length) {
  const bytes = new Uint8Array(length).fill(7);
  bytes[0] = kind;
  return bytes;
}

const echo = (bytes) => bytes;

/** Each case: how many operations one run of the work is. */
const CASES = [
  ["ocall, 100 bytes each way", OCALLS_IN_AN_ECALL, (c) => c.exchange(request(1, 100), echo)],
  ["ocall, 4 kB each way", OCALLS_IN_AN_ECALL, (c) => c.exchange(request(1, 4_096), echo)],
  [
    "ecall, 100 bytes each way",
    1_000,
    (c) => {
      for (let i = 0; i < 1_000; i++) c.exchange(request(0, 100), echo);
    },
  ],
  ["ecall, 1 MB each way", 1, (c) => c.exchange(request(0, 1 << 20), echo)],
  ["ecall, 20 MB each way", 1, (c) => c.exchange(request(0, 20 << 20), echo)],
];

function printRow(name, inline, ofProcess) {
  const [a, b] = [inline, ofProcess].map((value) => value.toFixed(1).padStart(12));
  console.log(`${name.padEnd(34)}${a}${b}${(ofProcess / inline).toFixed(1).padStart(8)}`);
}

console.log(`${"microseconds".padEnd(34)}${"inline".padStart(12)}${"process".padStart(12)}${"ratio".padStart(8)}`);
const inline = platform.startInline(BUNDLE);
const ofProcess = platform.startProcess(BUNDLE);
for (const [name, count, work] of CASES) {
  const times = [inline, ofProcess].map((connection) => {
    work(connection);
    return measure(count, () => work(connection));
  });
  printRow(name, ...times);
}
inline.close();
ofProcess.close();

for (const [name, bundle] of [
  ["start, empty bundle", BUNDLE],
  ["start, enclave bundle", existsSync(real) ? new Uint8Array(readFileSync(real)) : undefined],
]) {
  if (bundle === undefined) continue;
  const times = ["startInline", "startProcess"].map((start) =>
    measure(1, () => {
      const connection = platform[start](bundle);
      connection.exchange(Uint8Array.of(0), echo);
      connection.close();
    }),
  );
  printRow(name, ...times);
}
rmSync(folder, { recursive: true });
