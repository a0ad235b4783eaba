import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readCollateral } from "../src/collateralFile.ts";
import { PlatformErrorCode } from "../src/platformError.ts";

const folder = mkdtempSync(join(tmpdir(), "sotto-collateral-"));
afterAll(() => rmSync(folder, { recursive: true }));

const sample = (name: string): Buffer => readFileSync(new URL(`../../vectors/attestation/${name}`, import.meta.url));
const PACKED = new Uint8Array(sample("derived_sgx_v3.collateral_packed.bin"));
const NOW = 1_751_624_924;
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const none = (message: RegExp) =>
  expect.objectContaining({ code: PlatformErrorCode.NoCollateral, message: expect.stringMatching(message) });

describe("registration §2.2, §6.6: the operator's collateral", () => {
  it("is packed from the JSON of tools, to the byte", () => {
    expect(readCollateral(file("a.json", sample("sgx_v3.collateral.json")), "sgx", NOW)).toEqual(PACKED);
  });

  it("has its bytes as hex or as numbers", () => {
    const json = JSON.parse(String(sample("sgx_v3.collateral.json"))) as Record<string, unknown>;
    for (const name of ["root_ca_crl", "pck_crl", "tcb_info_signature", "qe_identity_signature"])
      json[name] = [...Buffer.from(json[name] as string, "hex")];
    expect(readCollateral(file("b.json", JSON.stringify(json)), "sgx", NOW)).toEqual(PACKED);
  });

  it("may be packed already", () => {
    expect(readCollateral(file("c.bin", PACKED), "sgx", NOW)).toEqual(PACKED);
  });

  it("is found in a folder, JSON before packed", () => {
    const inside = join(folder, "inside");
    mkdirSync(inside);
    expect(() => readCollateral(inside, "sgx", NOW)).toThrow(none(/inside: holds neither collateral\.json nor/));
    writeFileSync(join(inside, "collateral.bin"), PACKED);
    expect(readCollateral(inside, "sgx", NOW)).toEqual(PACKED);
    writeFileSync(join(inside, "collateral.json"), "{}");
    expect(() => readCollateral(inside, "sgx", NOW)).toThrow(none(/collateral\.json: .*tcb_info is missing/));
  });

  it("is refused for the other kind of enclave", () => {
    const path = file("d.json", sample("tdx_v4_a.collateral.json"));
    expect(() => readCollateral(path, "sgx", NOW)).toThrow(none(/expected collateral of sgx, got that of tdx/));
    expect(readCollateral(path, "tdx", NOW)[0]).toBe(0x81);
  });

  it("is refused once it had to be renewed, with the date", () => {
    expect(() => readCollateral(file("e.bin", PACKED), "sgx", NOW + 40 * 86_400)).toThrow(
      none(/tcbInfo was to be renewed by 2025-07-19T10:56:11Z; fetch the collateral/),
    );
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["a list", "{]"],
    ["text that is cut", PACKED.slice(0, 5000)],
    [
      "bytes that are no list of bytes",
      `{"tcb_info":"{\\"id\\":\\"SGX\\"}","pck_crl_issuer_chain":"","root_ca_crl":[256]}`,
    ],
    ["TCB info of neither kind", '{"tcb_info":"{}"}'],
  ])("is refused if it is %s", (name, content) => {
    expect(() => readCollateral(file(`${name}.x`, content), "sgx", NOW)).toThrow(
      none(/put it there as JSON or packed/),
    );
  });

  it("is missed with the place where it was looked for", () => {
    expect(() => readCollateral("/nowhere/c.json", "sgx", NOW)).toThrow(
      none(/^collateral: \/nowhere\/c\.json: does not exist; fetch/),
    );
  });
});
