import { describe, expect, it } from "vitest";
import { partAlone, partBeside } from "../../src/app/resultParts.ts";

const MEBIBYTE = 1_048_576;
const sizes = (...mebibytes: number[]) => mebibytes.map((size) => new Uint8Array(size * MEBIBYTE));
const lengths = (results: readonly Uint8Array[]) => results.map(({ length }) => length / MEBIBYTE);

describe("consensus §2.7: results of the last block in parts", () => {
  it("are as many as fit beside a block, maybe none", () => {
    expect(lengths(partBeside(sizes(1, 2, 3)))).toEqual([1, 2, 3]);
    expect(lengths(partBeside(sizes(4, 3, 1, 1)))).toEqual([4, 3]);
    expect(partBeside(sizes(8))).toEqual([]);
  });

  it("are at least one in a call of their own, until there are no more", () => {
    expect(lengths(partAlone(sizes(4, 9, 1, 2), 1))).toEqual([9]);
    expect(lengths(partAlone(sizes(4, 9, 1, 2), 2))).toEqual([1, 2]);
    expect(partAlone(sizes(4, 9), 2)).toEqual([]);
  });
});
