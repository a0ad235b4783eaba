import { describe, expect, test } from "vitest";
import { JsonError, JsonErrorCode } from "../src/json.ts";
import { checkDocument, documents } from "./support/jsonTwin.ts";
import { Random } from "./support/mutate.ts";

const INPUTS = 300_000;

describe("enclave §0: JSON, many documents", () => {
  test(`${INPUTS} documents, good and spoiled, are read as JSON.parse reads them, or refused with a code that fits`, () => {
    const random = new Random();
    const codes = new Map<JsonErrorCode | 0, number>();
    console.log(`seed ${random.seed}`);
    for (let i = 0; i < INPUTS; i++) {
      const fault = checkDocument(documents(random));
      if (fault !== undefined) expect(fault).toBeInstanceOf(JsonError);
      const code = fault?.code ?? 0;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    // Every way to end was taken.
    expect(codes.size).toBe(1 + Object.keys(JsonErrorCode).length);
  });
});
