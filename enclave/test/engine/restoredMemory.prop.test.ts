/** A few of the contracts of `slow-restoredMemory.prop.test.ts`. */
import { describe, test } from "vitest";
import { expectRestoredMemory } from "./restoredMemory.ts";

describe("contracts §3.2 step 1: memory after a call", () => {
  test("is that of a new instance, wherever and on whichever way out the contract stored", () => {
    expectRestoredMemory(100);
  }, 120_000);
});
