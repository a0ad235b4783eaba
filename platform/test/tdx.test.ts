import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
// Compiled, since it starts a process from a file beside it.
import { makeTdxPlatform as makeCompiledPlatform } from "@sotto/platform/tdx";
import { afterAll, describe, expect, it } from "vitest";
import { PlatformErrorCode } from "../src/platformError.ts";
import { tdxMachinePowers } from "../src/tdx/tdxMachinePowers.ts";
import { readTdxRegisters, registerOfBundle } from "../src/tdx/tdxRegisters.ts";
import { tsmQuote } from "../src/tdx/tsmReport.ts";
import { makeTdxPlatform } from "../src/tdx.ts";
import { makeTsmTree, type TsmOptions } from "./tsmTree.ts";

const folder = mkdtempSync(join(tmpdir(), "sotto-tdx-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FOLDER = "/sys/kernel/config/tsm/report";
const REPORT_DATA = Uint8Array.from({ length: 64 }, (_, i) => 3 * i);
const sample = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../vectors/attestation/${name}.quote.bin`, import.meta.url)));

/** A real quote with other report data. */
const quoteOf =
  (name: string, at: number) =>
  (reportData: Uint8Array): Uint8Array => {
    const quote = sample(name);
    quote.set(reportData, at);
    return quote;
  };
const version4 = quoteOf("tdx_v4_a", 568);

function ask(options: Partial<TsmOptions> = {}) {
  const tree = makeTsmTree({ provider: "tdx_guest", quote: version4, ...options });
  let paused = 0;
  const deps = {
    fs: tree,
    reportFolder: FOLDER,
    entryName: "sotto-1",
    pause: (milliseconds: number) => {
      paused += milliseconds;
    },
  };
  try {
    return { quote: tsmQuote(deps, REPORT_DATA), error: undefined, paused, left: tree.entries.size };
  } catch (error) {
    return { quote: undefined, error: error as Error, paused, left: tree.entries.size };
  }
}
const noQuote = (message: RegExp) =>
  expect.objectContaining({
    codespace: "platform",
    code: PlatformErrorCode.NoQuote,
    message: expect.stringMatching(message),
  });

describe("registration §5.5: quotes through configfs-tsm", () => {
  it.each([
    ["4", version4],
    ["5", quoteOf("tdx_v5_nolevel", 574)],
  ])("are of version %s over the report data, and the entry is removed", (_, quote) => {
    expect(ask({ quote })).toEqual({ quote: quote(REPORT_DATA), error: undefined, paused: 0, left: 0 });
  });

  it("waits while an earlier request is in flight, but not for ever", () => {
    expect(ask({ busy: 3 })).toMatchObject({ quote: version4(REPORT_DATA), paused: 750, left: 0 });
    const { error, paused, left } = ask({ busy: 1000 });
    expect(error).toEqual(noQuote(/outblob: the driver was busy/));
    expect(paused).toBeGreaterThan(30_000);
    expect(left).toBe(0);
  });

  it.each([
    ["another provider", { provider: "sev_guest" }, /provider: expected tdx_guest, got sev_guest/],
    ["no configfs", { mkdir: "ENOENT" }, /cannot make .*mount configfs/],
    ["no provider", { mkdir: "ENXIO" }, /no provider of reports is loaded/],
    ["no permission", { mkdir: "EACCES" }, /no permission/],
    ["somebody else who writes", { intruder: true }, /generation: expected 8, got 9: somebody else wrote/],
    ["a quote that is too large", { buffer: 1000 }, /outblob: the quote is larger than the driver's buffer/],
    ["a quote of another format", { quote: () => Uint8Array.of(0xd9, 0xd9, 0xf7) }, /got another format.*CBOR/],
    ["a quote over other data", { quote: () => sample("tdx_v4_a") }, /other report data/],
  ] as const)("are refused with %s, and nothing is left behind", (_, options, message) => {
    const { error, left } = ask(options);
    expect(error).toEqual(noQuote(message));
    expect(left).toBe(0);
  });

  it("are refused where the driver did not get 64 bytes", () => {
    const tree = makeTsmTree({ provider: "tdx_guest", quote: version4 });
    const deps = { fs: tree, reportFolder: FOLDER, entryName: "sotto-1", pause: () => undefined };
    expect(() => tsmQuote(deps, new Uint8Array(48))).toThrow(noQuote(/outblob: the driver did not take the 64 bytes/));
  });
});

describe("registration §5.5: a TD has no sealing key", () => {
  it("so each process has one of its own, and the platform says that it keeps no secrets", () => {
    const [one, other] = [tdxMachinePowers(FOLDER), tdxMachinePowers(FOLDER)];
    expect(one.sealingKey()).toHaveLength(32);
    expect(one.sealingKey()).toEqual(one.sealingKey());
    expect(other.sealingKey()).not.toEqual(one.sealingKey());
    const platform = makeTdxPlatform({ reportFolder: FOLDER, registerFolder: folder, collateral: folder });
    expect([platform.name, platform.insecure, platform.keepsSecrets]).toEqual(["tdx", false, false]);
  });

  it("in a process of its own neither, which learns where it asks for quotes", () => {
    const bundle = utf8ToBytes(
      "exports.makeEnclave = (powers) => ({ ecall: ([what]) => (what === 0 ? powers.sealingKey() : powers.quote(new Uint8Array(64))) });",
    );
    const platform = makeCompiledPlatform({ reportFolder: folder, registerFolder: folder, collateral: folder });
    const [one, other] = [platform.startProcess(bundle), platform.startProcess(bundle)];
    const ask = (connection: typeof one, what: number) =>
      connection.exchange(Uint8Array.of(what), () => new Uint8Array(0));
    expect(ask(one, 0)).toHaveLength(32);
    expect(ask(one, 0)).toEqual(ask(one, 0));
    expect(ask(other, 0)).not.toEqual(ask(one, 0));
    // The folder is no configfs: the quote fails, and the entry is gone again.
    expect(ask(one, 1)[0]).toBe(1);
    expect(readdirSync(folder).filter((name) => name.startsWith("sotto-"))).toEqual([]);
    one.close();
    other.close();
  });

  it("and where the kernel is none of a TD, a quote says what is missing", () => {
    expect(() => tdxMachinePowers(join(folder, "tsm")).quote(REPORT_DATA)).toThrow(noQuote(/mount configfs/));
  });
});

describe("registration §5.5: the registers of a TD", () => {
  const BUNDLE = utf8ToBytes("exports.makeEnclave = () => ({ ecall: () => new Uint8Array([0]) });");
  const names = [
    "mrtd:sha384",
    "rtmr0:sha384",
    "rtmr1:sha384",
    "rtmr2:sha384",
    "mrconfigid",
    "mrowner",
    "mrownerconfig",
  ];
  const sha384 = (bytes: Uint8Array) => createHash("sha384").update(bytes).digest();
  const write = (rtmr3: Uint8Array): string => {
    const registers = mkdtempSync(join(folder, "registers-"));
    for (const [i, name] of names.entries()) writeFileSync(join(registers, name), new Uint8Array(48).fill(i));
    writeFileSync(join(registers, "rtmr3:sha384"), rtmr3);
    return registers;
  };
  const start = (registerFolder: string) =>
    makeTdxPlatform({ reportFolder: folder, registerFolder, collateral: folder }).startInline(BUNDLE);

  it("are read whole, or not at all on kernels that do not show them", () => {
    const registers = readTdxRegisters(fs, write(new Uint8Array(48).fill(9)));
    expect(registers?.mrConfigId).toEqual(new Uint8Array(48).fill(4));
    expect(registers?.rtmr3).toEqual(new Uint8Array(48).fill(9));
    expect(readTdxRegisters(fs, join(folder, "none"))).toBeUndefined();
    expect(() => readTdxRegisters(fs, write(new Uint8Array(47)))).toThrow("expected 48 bytes, got 47");
  });

  it("are those of a TD, and nothing starts elsewhere", () => {
    const platform = makeTdxPlatform({ reportFolder: join(folder, "tsm"), registerFolder: folder, collateral: folder });
    const noTd = expect.objectContaining({
      code: PlatformErrorCode.StartFailed,
      message: expect.stringMatching(/this is no TD/),
    });
    expect(() => platform.startInline(BUNDLE)).toThrow(noTd);
    expect(() => platform.startProcess(BUNDLE)).toThrow(noTd);
  });

  it("tell whether the launcher has measured the bundle", () => {
    const expected = sha384(Buffer.concat([new Uint8Array(48), sha384(BUNDLE)]));
    expect(bytesToHex(registerOfBundle(BUNDLE))).toBe(expected.toString("hex"));
    const connection = start(write(expected));
    expect([...connection.exchange(new Uint8Array(1), () => new Uint8Array(0))]).toEqual([0]);
    connection.close();
    start(join(folder, "none")).close();
    expect(() => start(write(new Uint8Array(48)))).toThrow(
      expect.objectContaining({
        code: PlatformErrorCode.StartFailed,
        message: expect.stringMatching(/extend RTMR3 once/),
      }),
    );
  });
});
