/**
 * A replay as a program of its own, for another Node: copy, home, transport, bundle; prints what came of it as JSON.
 * @module
 */
import { readFileSync } from "node:fs";
import { homePaths } from "@sotto/host/node/home";
import { makeSimPlatform } from "@sotto/platform/sim";
import { replay } from "./replay.ts";

const [copy, home, transport] = process.argv.slice(2) as [string, string, string];
const platform = makeSimPlatform({ machineSecretFile: homePaths(copy).machineSecret });
const bundle = new Uint8Array(readFileSync(new URL("../../enclave/bundle/enclave.cjs", import.meta.url)));
const connect = () => (transport === "inline" ? platform.startInline(bundle) : platform.startProcess(bundle));
process.stdout.write(`${JSON.stringify({ ...replay({ copy, home, connect }), node: process.version })}\n`);
