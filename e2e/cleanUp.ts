/** A setup file: runs in front of each test file, also where they share their modules, and cleans up behind it. */
import { afterAll } from "vitest";
import { cleanUp } from "./harness.ts";

afterAll(cleanUp);
