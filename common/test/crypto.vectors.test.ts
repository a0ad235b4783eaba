import { execFileSync } from "node:child_process";
import * as nodeCrypto from "node:crypto";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { makeNativeCrypto, type NodeCryptoPower } from "../src/crypto/nativeCrypto.ts";
import { makeNobleCrypto } from "../src/crypto/nobleCrypto.ts";
import { cryptoSuite } from "./cryptoSuite.ts";
import { wasmPower } from "./support/wasmPower.ts";

cryptoSuite("native", makeNativeCrypto(nodeCrypto, wasmPower));
cryptoSuite("noble", makeNobleCrypto());

it("falls back to JavaScript where OpenSSL has no RIPEMD-160", () => {
  const power: NodeCryptoPower = {
    ...nodeCrypto,
    hash: (algorithm, data, encoding) => {
      if (algorithm === "ripemd160") throw new Error("unsupported");
      return nodeCrypto.hash(algorithm, data, encoding);
    },
  };
  const data = Uint8Array.of(1, 2, 3);
  expect(makeNativeCrypto(power, wasmPower).ripemd160(data)).toEqual(makeNobleCrypto().ripemd160(data));
});

it("has the secp256k1 module embedded just as the package ships it", () => {
  const script = fileURLToPath(new URL("../../scripts/embedSecp256k1.mjs", import.meta.url));
  expect(() => execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })).not.toThrow();
});
