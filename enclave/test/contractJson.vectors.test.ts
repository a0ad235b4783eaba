import { readFileSync } from "node:fs";
import { bytesToUtf8, hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import { describe, expect, it } from "vitest";
import { parseQueryRequest } from "../src/messages/queryRequest.ts";
import { normalizeStdError } from "../src/messages/stdError.ts";

type Case = {
  readonly shape: "query request" | "error object";
  readonly input_utf8?: string;
  readonly input_hex?: string;
  readonly accepted?: string;
  readonly error?: string;
};
const { cases } = JSON.parse(readFileSync(new URL("../../vectors/contract_json.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Case[];
};

/** Accepted requests that are not handed on are not written again. */
function outcomeOf({ shape, input_utf8, input_hex, accepted }: Case): {
  accepted?: string | undefined;
  error?: string;
} {
  const input = input_hex === undefined ? utf8ToBytes(input_utf8 ?? "") : hexToBytes(input_hex);
  if (shape === "error object") {
    try {
      return { accepted: normalizeStdError(input) };
    } catch (error) {
      return { error: (error as Error).message };
    }
  }
  const request = parseQueryRequest(input);
  if (request.kind === "invalid") return { error: request.error };
  return { accepted: request.kind === "chain" ? bytesToUtf8(request.json) : accepted };
}

describe("contracts §5.7, enclave §11.1: JSON that contracts write, as the protocol's parser sees it", () => {
  it("says of every text what that parser says, at the same place", () => {
    expect(cases.length).toBeGreaterThan(300);
    const differing = cases.flatMap((one) => {
      const { accepted, error } = one;
      const got = outcomeOf(one);
      return got.accepted === accepted && got.error === error ? [] : [{ ...one, got }];
    });
    expect(differing).toEqual([]);
  });
});
