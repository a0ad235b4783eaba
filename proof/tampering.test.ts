/** The host as an adversary; with the enclave in a process of its own: `slow-tampering.test.ts`. */
import { describeTampering } from "./support/tamperingSuite.ts";

describeTampering("inline");
