import * as fs from "node:fs";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8ToBytes } from "@sotto/common/bytes";
// Compiled, since it starts a thread from a file beside it.
import { gramineCommand, makeSgxPlatform } from "@sotto/platform/sgx";
import { afterAll, describe, expect, it } from "vitest";
import { PlatformErrorCode } from "../src/platformError.ts";
import { gramineMachinePowers, gramineQuote, gramineSealingKey } from "../src/sgx/gramineFiles.ts";
import { simMachinePowers } from "../src/sim/simMachinePowers.ts";
import { type GramineOptions, makeGramineTree } from "./gramineTree.ts";

const folder = mkdtempSync(join(tmpdir(), "sotto-sgx-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ROOT = "/dev/attestation";
const BUNDLE = utf8ToBytes("a bundle");
const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
const REPORT_DATA = Uint8Array.from({ length: 64 }, (_, i) => 200 - i);
const { quote } = simMachinePowers(new Uint8Array(32), BUNDLE);
const tree = (options: Partial<GramineOptions> = {}) =>
  makeGramineTree({ attestationType: "dcap", sealingKey: KEY, quote, ...options });
const noQuote = (message: RegExp) =>
  expect.objectContaining({
    codespace: "platform",
    code: PlatformErrorCode.NoQuote,
    message: expect.stringMatching(message),
  });

describe("registration §5.1: quotes through Gramine's files", () => {
  it("writes all 64 bytes in one call and reads to the end, however little a read gives", () => {
    for (const chunk of [1, 1000, 65_536]) {
      const files = tree({ chunk });
      expect(gramineQuote(files, ROOT, REPORT_DATA)).toEqual(quote(REPORT_DATA));
      expect(files.userReportData()).toEqual(REPORT_DATA);
      expect(files.open.size).toBe(0);
    }
  });

  it("is over what was written last: a second quote does not get the first one's data", () => {
    const powers = gramineMachinePowers(tree(), ROOT, BUNDLE);
    powers.quote(REPORT_DATA);
    expect(powers.quote(new Uint8Array(64)).slice(368, 432)).toEqual(new Uint8Array(64));
  });

  it("refuses where no attestation is made, and says why", () => {
    expect(() => gramineQuote(tree({ attestationType: "none" }), ROOT, REPORT_DATA)).toThrow(
      noQuote(/expected attestation type dcap, got none: .*gramine-direct/),
    );
    expect(() => gramineQuote(tree(), "/nowhere", REPORT_DATA)).toThrow(noQuote(/does not run under gramine-sgx/));
  });

  it("says so when the quoting service does not answer", () => {
    const failing = () => {
      throw Object.assign(new Error("EPERM"), { code: "EPERM" });
    };
    expect(() => gramineQuote(tree({ quote: failing }), ROOT, REPORT_DATA)).toThrow(noQuote(/EPERM; .*aesmd/));
  });

  it("does not pass on a quote over other data, nor something that is none", () => {
    const other = (): Uint8Array => quote(new Uint8Array(64));
    expect(() => gramineQuote(tree({ quote: other }), ROOT, REPORT_DATA)).toThrow(noQuote(/other report data/));
    const nothing = (): Uint8Array => new Uint8Array(0);
    expect(() => gramineQuote(tree({ quote: nothing }), ROOT, REPORT_DATA)).toThrow(
      noQuote(/expected version 3, got 0/),
    );
  });

  it("notices a write that took less than everything", () => {
    const files = { ...tree(), writeSync: () => 10 };
    expect(() => gramineQuote(files, ROOT, REPORT_DATA)).toThrow(noQuote(/only 10 of 64 bytes were taken/));
  });
});

describe("registration §5.1, §5.2: the sealing key through Gramine's files", () => {
  const key = (files = tree(), measurement = new Uint8Array(32)) => gramineSealingKey(files, ROOT, measurement);
  const noKey = (message: RegExp) =>
    expect.objectContaining({ code: PlatformErrorCode.NoSealingKey, message: expect.stringMatching(message) });

  it("has 32 bytes, is the same again, and is not the processor's key itself", () => {
    expect(key()).toHaveLength(32);
    expect(key()).toEqual(key());
    expect(key().slice(0, 16)).not.toEqual(KEY);
  });

  it("is another one for another processor key or another bundle", () => {
    expect(key(tree({ sealingKey: new Uint8Array(16).fill(9) }))).not.toEqual(key());
    expect(key(tree(), new Uint8Array(32).fill(1))).not.toEqual(key());
  });

  it.each([0, 15, 32])("is refused where the file has %i bytes", (length) => {
    expect(() => key(tree({ sealingKey: new Uint8Array(length) }))).toThrow(
      noKey(new RegExp(`expected 16 bytes, got ${length}`)),
    );
  });

  it("is refused outside Gramine", () => {
    expect(() => gramineSealingKey(tree(), "/nowhere", new Uint8Array(32))).toThrow(noKey(/gramine-sgx/));
  });

  it("works over a plain folder too", () => {
    const root = join(folder, "attestation");
    mkdirSync(join(root, "keys"), { recursive: true });
    writeFileSync(join(root, "keys", "_sgx_mrenclave"), KEY);
    writeFileSync(join(root, "attestation_type"), "dcap\n");
    writeFileSync(join(root, "user_report_data"), new Uint8Array(64));
    writeFileSync(join(root, "quote"), quote(REPORT_DATA));
    expect(gramineSealingKey(fs, root, new Uint8Array(32))).toEqual(key());
    expect(gramineQuote(fs, root, REPORT_DATA)).toEqual(quote(REPORT_DATA));
  });
});

describe("registration §5.2, §5.3: starting an enclave under Gramine", () => {
  const failure = (message: RegExp) =>
    expect.objectContaining({ code: PlatformErrorCode.StartFailed, message: expect.stringMatching(message) });
  const programs = join(folder, "bin");
  mkdirSync(programs);
  writeFileSync(join(programs, "gramine-sgx"), "#!/bin/sh\n");
  chmodSync(join(programs, "gramine-sgx"), 0o755);

  it("says what to install where Gramine is missing", () => {
    expect(() => gramineCommand(folder, "/nowhere:/neither")).toThrow(
      failure(/gramine-sgx is not in the search path; install/),
    );
  });

  it("says how to make the manifest where it is missing", () => {
    expect(() => gramineCommand(folder, programs)).toThrow(failure(/sotto\.manifest\.sgx is missing; make it with/));
  });

  it("runs gramine-sgx in the folder of the manifest", () => {
    writeFileSync(join(folder, "sotto.manifest.sgx"), "");
    expect(gramineCommand(folder, `/nowhere:${programs}`)).toEqual({
      command: join(programs, "gramine-sgx"),
      arguments: ["sotto"],
      folder,
    });
  });

  it("does not run an enclave outside of one", () => {
    const platform = makeSgxPlatform({ launch: () => gramineCommand(folder, programs), collateral: folder });
    expect(() => platform.startInline(BUNDLE)).toThrow(failure(/start it as a process/));
  });

  it("says so when the process ends, or cannot start, before it has connected", () => {
    const start = (command: string, ...args: string[]) => {
      const launch = () => ({ command, arguments: args, folder });
      return () => makeSgxPlatform({ launch, collateral: folder }).startProcess(BUNDLE);
    };
    expect(start("/nowhere/gramine-sgx")).toThrow(failure(/did not start: .*ENOENT/));
    expect(start(process.execPath, "-e", "process.exit(3)")).toThrow(failure(/did not start: it ended with status 3/));
  });
});
