/** Killed under load, a hundred times. */
import { expect, it } from "vitest";
import { runKills } from "./support/killRun.ts";
import { makeRandom } from "./support/random.ts";

it("survives 100 SIGKILLs at random instants: nothing visible is lost, and a replay gives the same", async () => {
  const figures = await runKills(100, makeRandom("kill"));
  console.log("kill:", figures);
  expect(figures.visible).toBeGreaterThan(200);
});
