/**
 * Contracts that are run by engine and slow meter in every test run: `corpus/*.json`, one each, with code as assembler text.
 *
 * Some are written by hand, and say what they are about; others are what random tests found.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Case } from "./checkRecipe.ts";

const FOLDER = new URL("./corpus/", import.meta.url);

/** JSON has no 64-bit integers and no bytes: `{"i64":"1"}`, `{"hex":"00ff"}`. */
function pack(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return { i64: String(value) };
  return value instanceof Uint8Array ? { hex: Buffer.from(value).toString("hex") } : value;
}

function unpack(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("i64" in value) return BigInt(value.i64 as string);
  return "hex" in value ? new Uint8Array(Buffer.from(value.hex as string, "hex")) : value;
}

export function keepCase(name: string, kept: Case): void {
  writeFileSync(new URL(`${name}.json`, FOLDER), `${JSON.stringify(kept, pack, 2)}\n`);
}

export function readCorpus(): readonly (readonly [name: string, kept: Case])[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .map((file) => [
      file.slice(0, -".json".length),
      JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"), unpack) as Case,
    ]);
}
