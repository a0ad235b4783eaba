/** Damaged records and random requests, many, over both transports. */
import { describeCorruption } from "./support/corruptSuite.ts";

describeCorruption("inline", { flips: 10_000, bodies: 1_000 });
describeCorruption("process", { flips: 3_000, bodies: 300 });
