import { testThreats } from "./threatSuite.ts";

testThreats("sources", {});
