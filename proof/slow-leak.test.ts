/** The other half of `leak.test.ts`: the command with its enclave inline, and every form in which a leak could be written. */
import { describe, it } from "vitest";
import { FORMS } from "./support/forms.ts";
import { expectCommandTight, expectNoticed } from "./support/leakRun.ts";

describe("a run with encryption switched off is noticed", () => {
  it.each(Object.keys(FORMS))("when data is only written as %s", expectNoticed);
});

it("nothing leaks from the command as users run it, enclave inline", () => expectCommandTight("inline"));
