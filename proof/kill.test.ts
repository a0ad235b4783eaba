/** Killed under load, a twentieth of what `slow-kill.test.ts` does. */
import { expect, it } from "vitest";
import { killFirstStarts, runKills } from "./support/killRun.ts";
import { makeRandom } from "./support/random.ts";

it("survives 5 SIGKILLs at random instants: nothing visible is lost, and a replay gives the same", async () => {
  const figures = await runKills(5, makeRandom("kill"));
  console.log("kill:", figures);
  expect(figures.visible).toBeGreaterThan(5);
}, 120_000);

it("makes a network after 3 SIGKILLs during the first start", async () => {
  await killFirstStarts(3, makeRandom("kill the first start"));
}, 60_000);
