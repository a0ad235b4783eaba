import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode } from "../src/codec.ts";
import { arbitraryOf, CODECS, checkInput } from "./support/shapeValues.ts";

describe.each(CODECS)("%s", (_, codec) => {
  const values = arbitraryOf(codec.shape);

  it("decodes what it encoded", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(codec, encode(codec, value))).toEqual(value);
      }),
    );
  });

  it("accepts of changed bytes only those that it would write itself, and refuses the others with a code", () => {
    fc.assert(
      fc.property(
        values,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        fc.nat(3),
        (value, changes, cut) => {
          const good = encode(codec, value);
          const input = good.slice(0, Math.max(0, good.length - cut));
          for (const [at, byte] of changes) if (input.length > 0) input[at % input.length] = byte;
          checkInput(codec, input);
        },
      ),
    );
  });

  it("accepts of random bytes only those that it would write itself, and refuses the others with a code", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        checkInput(codec, input);
      }),
    );
  });
});
