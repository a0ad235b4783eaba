/** Killed under load, a hundred times. */
import { expect, it } from "vitest";
import { killFirstStarts, runKills } from "./support/killRun.ts";
import { makeRandom } from "./support/random.ts";

it("survives 100 SIGKILLs at random instants: nothing visible is lost, and a replay gives the same", async () => {
  const figures = await runKills(100, makeRandom("kill"));
  console.log("kill:", figures);
  expect(figures.visible).toBeGreaterThan(200);
});

it("makes a network after 30 SIGKILLs during the first start", async () => {
  await killFirstStarts(30, makeRandom("kill the first start"));
});
