/** Damaged records and random requests, a tenth of what `slow-corruptInput.test.ts` does. */
import { describeCorruption } from "./support/corruptSuite.ts";

describeCorruption("inline", { flips: 300, bodies: 30 });
