import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bytesToUtf8, utf8ToBytes } from "../src/bytes.ts";
import { InputError } from "../src/errors.ts";
import { MAX_COLLATERAL_PART, packCollateral, unpackCollateral } from "../src/wire/collateral.ts";

const sample = new Uint8Array(
  readFileSync(new URL("../../vectors/attestation/derived_sgx_v3.collateral_packed.bin", import.meta.url)),
);

describe("registration §2.2: packed collateral", () => {
  it("takes the sample apart and puts it together to the same bytes", () => {
    const parts = unpackCollateral(sample);
    expect(parts.tee).toBe("sgx");
    expect(bytesToUtf8(parts.qeIdentity)).toMatch(/^\{"enclaveIdentity":\{.*"signature":"[0-9a-f]{128}"\}$/);
    expect(packCollateral(parts)).toEqual(sample);
    expect(unpackCollateral(packCollateral({ ...parts, tee: "tdx" })).tee).toBe("tdx");
  });

  it("refuses every truncation, and bytes after the last part", () => {
    for (let length = 0; length < sample.length; length++) {
      expect(() => unpackCollateral(sample.subarray(0, length))).toThrow(InputError);
    }
    expect(() => unpackCollateral(Uint8Array.from([...sample, 0]))).toThrow("1 bytes too many");
  });

  it("refuses another kind of enclave, parts without a NUL, and parts that are too long", () => {
    const kind = sample.slice();
    kind[0] = 1;
    expect(() => unpackCollateral(kind)).toThrow("unknown kind of enclave 1");
    const open = sample.slice();
    open[32 + 1908] = 10;
    expect(() => unpackCollateral(open)).toThrow("pckCrlIssuerChain is cut or does not end with a NUL");
    const long = { ...unpackCollateral(sample), tcbInfo: utf8ToBytes("x".repeat(MAX_COLLATERAL_PART)) };
    expect(() => unpackCollateral(packCollateral(long))).toThrow("tcbInfo has 65537 bytes");
  });
});
