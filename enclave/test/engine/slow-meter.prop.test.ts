import { describe, expect, test } from "vitest";
import { checkRecipes } from "./checkRecipe.ts";

const MODULES = 10_000;

describe("contracts §4.1, §4.2, §1.6, §1.7: the engine against the slow meter, many modules", () => {
  test(`${MODULES} random modules end alike, with the same gas, memory, globals and requests`, () => {
    const tally = checkRecipes(MODULES);
    expect(tally.modules).toBeGreaterThanOrEqual(MODULES);
    expect(tally.ends.size).toBe(14);
  });
});
