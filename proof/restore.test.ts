import { testRestore } from "./support/restoreSuite.ts";

testRestore("inline");
