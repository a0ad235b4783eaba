import { testRestore } from "./support/restoreSuite.ts";

testRestore("process");
