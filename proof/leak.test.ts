/** Nothing leaks: secrets in every place, every byte outside of the enclave recorded, and no secret in any form among them. */
import { describe, expect, it } from "vitest";
import type { Transport } from "./support/lab.ts";
import { expectCommandTight, expectNoticed, playInLab } from "./support/leakRun.ts";

const TRANSPORTS: readonly Transport[] = ["inline", "process"];

describe("nothing leaks", () => {
  it.each(TRANSPORTS)("over the boundary, into the database, answers or log, enclave %s", async (transport) => {
    expect(await playInLab({ transport })).toEqual([]);
  });

  it("from the command as users run it, enclave process", () => expectCommandTight("process"));
});

/** All forms: `slow-leak.test.ts`. */
describe("the same run with encryption switched off is noticed", () => {
  it.each(["raw", "JSON, all escaped"])("when data is only written as %s", expectNoticed);
});
