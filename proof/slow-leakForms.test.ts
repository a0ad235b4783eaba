/** With encryption switched off, the leak test fails for every form in which data can be written. */
import { describe, it } from "vitest";
import { FORMS } from "./support/forms.ts";
import { expectNoticed } from "./support/leakRun.ts";

describe("a run with encryption switched off is noticed", () => {
  it.each(Object.keys(FORMS))("when data is only written as %s", expectNoticed);
});
