/** Either of two nodes killed a hundred times under load. */
import { describe, expect, it } from "vitest";
import { makeRandom } from "./support/random.ts";
import { runTwoKills } from "./support/twoNodes.ts";

describe("consensus §3.5: two nodes for long", () => {
  it("lose nothing that was visible on either, and agree, after 100 SIGKILLs of the one or the other", async () => {
    const figures = await runTwoKills(100, makeRandom("kill two, long"));
    console.log("kill of two:", figures);
    expect(figures.visible).toBeGreaterThan(50);
  }, 2_400_000);
});
