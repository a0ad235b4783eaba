/** Either of two nodes killed under load, a tenth of what `slow-twoKill.test.ts` does. */
import { describe, expect, it } from "vitest";
import { makeRandom } from "./support/random.ts";
import { runTwoKills } from "./support/twoNodes.ts";

describe("consensus §3.5: two nodes", () => {
  it("lose nothing that was visible on either, and agree, after 10 SIGKILLs of the one or the other", async () => {
    const figures = await runTwoKills(10, makeRandom("kill two"));
    console.log("kill of two:", figures);
    expect(figures.visible).toBeGreaterThan(5);
  }, 240_000);
});
