import { describe, expect, test } from "vitest";
import { checkCase, checkRecipes, Tally } from "./checkRecipe.ts";
import { readCorpus } from "./corpus.ts";

const MODULES = 300;

describe("contracts §4.1, §4.2, §1.6, §1.7: the engine against the slow meter", () => {
  test(`${MODULES} random modules end alike, with the same gas, memory, globals and requests`, () => {
    // The property says little unless calls end in many ways.
    expect(checkRecipes(MODULES).ends.size).toBeGreaterThanOrEqual(10);
  }, 300_000);

  test.each(readCorpus())("corpus, %s: alike at every limit that a charge uses up", (_, kept) => {
    checkCase(kept, new Tally());
  });
});
