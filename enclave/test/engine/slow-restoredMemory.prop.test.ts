import { describe, test } from "vitest";
import { expectRestoredMemory } from "./restoredMemory.ts";

describe("contracts §3.2 step 1: memory after a call, for long", () => {
  test("is that of a new instance, wherever and on whichever way out the contract stored", () => {
    expectRestoredMemory(1_000);
  }, 600_000);
});
