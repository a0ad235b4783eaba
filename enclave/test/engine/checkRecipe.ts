/**
 * The property of contracts §4.1: for a random contract and any gas limit, the engine and the slow meter come to the same.
 */
import { utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { assemble, type TestModule } from "./assemble.ts";
import { type CallParts, Compared } from "./compareRuns.ts";
import { keepCase } from "./corpus.ts";
import { generate, type Recipe, recipes } from "./generate/generateModule.ts";
import type { Metered } from "./slowMeter/meterContract.ts";

const EMPTY_JSON = utf8ToBytes("{}");
const ARGUMENTS = { env: EMPTY_JSON, info: EMPTY_JSON, msg: EMPTY_JSON };

/** How calls ended, and how many there were. */
export class Tally {
  readonly ends = new Map<Metered["end"], number>();
  modules = 0;
  calls = 0;

  count({ end }: Metered): void {
    this.calls++;
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
  }

  toString(): string {
    const ends = [...this.ends].map(([end, count]) => `${end} ${count}`).join(", ");
    return `${this.modules} modules, ${this.calls} calls: ${ends}`;
  }
}

/** A contract, and how to call it: what a recipe comes to, and what the corpus keeps. */
export type Case = {
  readonly module: TestModule;
  readonly readOnly: boolean;
  readonly gasLimit: bigint;
  /** Queries run the same contract again, on another instance of the pool. */
  readonly nests?: boolean;
  /** Which charges of the first call get limits that end exactly there; all of them if absent. */
  readonly cuts?: readonly number[];
};

export function caseOf(recipe: Recipe): Case {
  const { module, readOnly, nests } = generate(recipe);
  return { module, readOnly, nests, gasLimit: BigInt(recipe.gasLimit), cuts: recipe.cuts };
}

/** @throws {Error} with the first difference */
export function checkCase({ module, readOnly, nests = false, gasLimit, cuts }: Case, tally: Tally): void {
  const compared = new Compared(assemble(module));
  const run = (limit: bigint): Metered => {
    const parts: CallParts = { ...ARGUMENTS, entry: "execute", gasLimit: limit, readOnly, nests };
    const { metered } = compared.run(parts);
    tally.count(metered);
    return metered;
  };
  tally.modules++;
  const first = run(gasLimit);
  for (const used of cutsOf(first, gasLimit, cuts)) {
    run(used); // pays for this charge and has nothing left
    if (used > 0n) run(used - 1n); // cannot pay for it
  }
  run(gasLimit); // on an instance that has seen all of these
}

/** Limits that are used up exactly by some of the charges of a call. */
function cutsOf({ machine }: Metered, limit: bigint, cuts: readonly number[] | undefined): bigint[] {
  const charges = machine?.charges ?? [];
  if (cuts === undefined) return charges.map((left) => limit - left);
  // Mostly those after the three of the usual `allocate`.
  const later = charges.length > 3 ? charges.slice(3) : charges;
  return cuts.flatMap((cut) => {
    const list = cut % 16 === 0 ? charges : later;
    const left = list[cut % list.length];
    return left === undefined ? [] : [limit - left];
  });
}

/** Checks so many random contracts. One that fails is reduced and kept in the corpus, from which it is run from then on. */
export function checkRecipes(numRuns: number): Tally {
  const tally = new Tally();
  const property = fc.property(recipes, (recipe) => checkCase(caseOf(recipe), tally));
  const details = fc.check(property, { numRuns });
  console.log(`seed ${details.seed}: ${tally}`);
  if (details.failed) {
    const name = `found${details.seed >>> 0}`;
    if (details.counterexample !== null) keepCase(name, caseOf(details.counterexample[0]));
    throw new Error(`kept as ${name}: ${String(details.errorInstance)}`, { cause: details.errorInstance });
  }
  return tally;
}
