/** The host as an adversary of an enclave in a process of its own. */
import { describeTampering } from "./support/tamperingSuite.ts";

describeTampering("process");
