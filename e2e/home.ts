/**
 * A home with a network in it, to be copied and damaged: and the ways to say that nothing was lost.
 * @module
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { Wallet } from "secretjs";
import { expect } from "vitest";
import { type Finished, ROOT, startSotto, temporaryFolder } from "./harness.ts";
import { balanceOf, connect, deployToken, execute, FAST, query, readWasm, succeeded, uscrt } from "./network.ts";

export const COMMAND = join(ROOT, "apps/cli/bin/sotto.js");
export const receiver = new Wallet().address;

/** A stopped home with a token in it and a payment to `receiver`. */
export async function makeHome(): Promise<{ home: string; measurement: string }> {
  const sotto = await startSotto();
  const a = connect(sotto.rest, "a");
  await deployToken(a, { label: "token", balances: [{ address: a.address, amount: "1000" }] });
  succeeded(
    await a.tx.bank.send(
      { from_address: a.address, to_address: receiver, amount: uscrt(42) },
      { gasLimit: 30_000, ...FAST },
    ),
  );
  const measurement = /enclave +([0-9a-f]{64})/.exec(sotto.output())?.[1] ?? "";
  await sotto.stop();
  return { home: sotto.home, measurement };
}

export function copyHome(original: string): string {
  const home = join(temporaryFolder(), "home");
  cpSync(original, home, { recursive: true });
  return home;
}

export function expectSentence({ code, stderr, stdout }: Finished, sentence: RegExp): void {
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stdout + stderr).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
}

export async function expectIntact(home: string): Promise<void> {
  const sotto = await startSotto({ home });
  const a = connect(sotto.rest, "a");
  expect(await balanceOf(a, receiver)).toBe(42n);
  const { contract_address: address } = await a.query.compute.addressByLabel({ label: "token" });
  const { code_hash: codeHash } = await a.query.compute.codeHashByContractAddress({ contract_address: address ?? "" });
  expect(await query(a, { address: address ?? "", codeHash: codeHash ?? "" }, { token_info: {} })).toMatchObject({
    token_info: { symbol: "TOKEN" },
  });
  succeeded(
    await execute(a, { address: address ?? "", codeHash: codeHash ?? "" }, { set_viewing_key: { key: "still works" } }),
  );
  await sotto.stop();
}

/** Stores large code until the node goes away. @returns hashes of what was seen as committed before */
export async function storeUntilItFails(url: string): Promise<string[]> {
  const client = connect(url, "a");
  const visible: string[] = [];
  for (let round = 0; round < 60; round++) {
    try {
      const tx = await client.tx.compute.storeCode(
        { sender: client.address, wasm_byte_code: readWasm("private_token"), source: "", builder: "" },
        { gasLimit: 5_000_000, ...FAST },
      );
      visible.push(tx.transactionHash);
    } catch {
      return visible;
    }
  }
  throw new Error("the disk never filled up");
}
