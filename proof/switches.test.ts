/** Nothing outside of the measured bundle and the pinned chain id weakens an enclave. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ECALLS, INTERFACE_VERSION } from "@sotto/boundary/messages";
import { makeEnclaveHost } from "@sotto/host/enclaveHost/enclaveHost";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../e2e/harness.ts";
import { BUNDLE, startEnclave, type Transport } from "./support/lab.ts";

const SWITCHES = [
  "DEBUG",
  "SOTTO_DEBUG",
  "SOTTO_INSECURE",
  "SGX_MODE",
  "NODE_ENV",
  "TEST",
  "SKIP_LIGHT_CLIENT_VALIDATION",
];

function sources(folder: string): string[] {
  return readdirSync(new URL(`../${folder}`, import.meta.url), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("consensus §5: threats from switches", () => {
  afterEach(() => {
    for (const name of SWITCHES) delete process.env[name];
  });

  it("T26: the bundle reads no environment, no arguments, no files and no clock", () => {
    const code = Buffer.from(BUNDLE).toString();
    for (const word of [
      /\bprocess\s*[.[]/,
      /\brequire\s*\(/,
      /\bimport\s*\(/,
      /\bDate\.now|\bDate\(\)/,
      /\bglobalThis\.process/,
    ]) {
      expect(code.replaceAll(/\/\*[\s\S]*?\*\//g, "")).not.toMatch(word);
    }
  });

  it("T26: of the environment, host and platform read the path of programs and nothing else", () => {
    const read = new Set<string>();
    for (const file of ["host/src", "platform/src"].flatMap(sources)) {
      for (const [use] of readFileSync(file, "utf8").matchAll(/process\.env(\.\w+|\[[^\]]*\])?/g)) read.add(use);
    }
    expect([...read]).toEqual(["process.env.PATH"]);
  });

  it.each<Transport>(["inline", "process"])(
    "T26: no variable of the environment changes an enclave's refusals, enclave %s",
    (transport) => {
      for (const name of SWITCHES) process.env[name] = "1";
      const connection = startEnclave(join(temporaryFolder(), "home"), transport);
      const enclave = makeEnclaveHost(connection);
      const { bootNonce, fresh, state } = enclave.call("info", { interfaceVersion: INTERFACE_VERSION });
      expect({ fresh, state: state.kind, length: bootNonce.length }).toEqual({
        fresh: false,
        state: "empty",
        length: 32,
      });
      const nothing = { header: new Uint8Array(0), commit: new Uint8Array(0), validators: [], transactions: [] };
      enclave.call("bootstrap", { chainId: "secret-4" });
      const hash = new Uint8Array(32);
      const anchor = { initialHeight: 1n, genesisTimeNs: 0n, validatorsHash: hash, appHash: hash, genesisHash: hash };
      enclave.call("anchorGenesis", anchor);
      const query = { contract: new Uint8Array(20), query: hash, gasLimit: 1n, past: undefined };
      expect(() =>
        enclave.call("beginBlock", { ...nothing, storeRoots: [], lastResults: [], moreResults: false }),
      ).toThrow();
      expect(() => enclave.call("query", query)).toThrow(/nonce/);
      expect(() => enclave.call("simulateMessage", { transaction: hash, message: 0, gasUsed: 0n })).toThrow(
        /development/,
      );
      expect(() => enclave.call("execMessage", { transaction: 1, message: 0, signers: [] })).toThrow(/no block/);
      enclave.close();
    },
  );

  it("T26: no call is for tests", () => {
    expect(Object.keys(ECALLS).join(" ")).not.toMatch(/debug|test|trace|skip|insecure|unsafe|disable|force|mock/i);
  });
});
