/**
 * Spoiled modules: whatever the bytes are, the engine refuses them with a code, or runs them as the slow meter does.
 */
import { readFileSync } from "node:fs";
import { utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { mutate, type Random } from "../../../common/test/support/mutate.ts";
import { checkCode } from "../../src/engine/checkCode.ts";
import { EngineError } from "../../src/engine/engineError.ts";
import { assemble } from "./assemble.ts";
import { Compared } from "./compareRuns.ts";
import { generate, recipes } from "./generate/generateModule.ts";
import { CONTRACTS } from "./meterContracts.ts";

const EMPTY_JSON = utf8ToBytes("{}");
const CALL = {
  entry: "execute",
  env: EMPTY_JSON,
  info: EMPTY_JSON,
  msg: EMPTY_JSON,
  gasLimit: 20_000n,
  readOnly: false,
} as const;
/** Spoiled copies of one module before the next one is made. */
const COPIES = 50;

export type FuzzCounts = { readonly inputs: number; readonly uploads: number; readonly opened: number };

/** @returns whether `work` was refused; @throws {Error} what is no engine error */
function isRefused(work: () => void): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (error instanceof EngineError) return true;
    throw error;
  }
}

/** Generated modules, spoiled: those that open are run on both sides. */
export function fuzzGenerated(random: Random, inputs: number): FuzzCounts {
  const made = fc.sample(recipes, { seed: random.seed, numRuns: Math.ceil(inputs / COPIES) });
  let [done, uploads, opened] = [0, 0, 0];
  for (const recipe of made) {
    const whole = assemble(generate(recipe).module);
    for (let copy = 0; copy < COPIES && done < inputs; copy++, done++) {
      const code = mutate(random, whole);
      if (!isRefused(() => void checkCode(code))) uploads++;
      if (!isRefused(() => void new Compared(code).run(CALL))) opened++;
    }
  }
  return { inputs: done, uploads, opened };
}

/** Compiled contracts, spoiled: checked and opened, not run. */
export function fuzzCompiled(random: Random, inputs: number): FuzzCounts {
  const codes = CONTRACTS.map(
    (name) => new Uint8Array(readFileSync(new URL(`../../../contracts/wasm/${name}.wasm`, import.meta.url))),
  );
  let [uploads, opened] = [0, 0];
  for (let i = 0; i < inputs; i++) {
    const code = mutate(random, random.pick(codes));
    if (!isRefused(() => void checkCode(code))) uploads++;
    if (!isRefused(() => void new Compared(code))) opened++;
  }
  return { inputs, uploads, opened };
}
