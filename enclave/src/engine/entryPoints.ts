/**
 * The exports behind each kind of call, their parameters, and the order in which arguments are placed. Spec: contracts §3.1, §3.2.
 * @module
 */
import type { ContractApi, EntryPoint } from "./engine.ts";

export type Argument = "env" | "info" | "msg";

export type EntryRule = {
  readonly name: string;
  readonly params: readonly Argument[];
  /** Order of the calls of `allocate`, which decides gas and memory layout. */
  readonly placed: readonly Argument[];
};

const ENV_MSG: readonly Argument[] = ["env", "msg"];
const MSG_ENV: readonly Argument[] = ["msg", "env"];
const HANDLE: EntryRule = { name: "handle", params: ENV_MSG, placed: MSG_ENV };
const MIGRATE: EntryRule = { name: "migrate", params: ENV_MSG, placed: ENV_MSG };

export const ENTRY_RULES: Readonly<Record<ContractApi, Readonly<Record<EntryPoint, EntryRule>>>> = {
  "v0.10": {
    instantiate: { name: "init", params: ENV_MSG, placed: ENV_MSG },
    execute: HANDLE,
    query: { name: "query", params: ["msg"], placed: ["msg"] },
    migrate: MIGRATE,
    reply: HANDLE,
    sudo: HANDLE,
  },
  v1: {
    instantiate: { name: "instantiate", params: ["env", "info", "msg"], placed: ["env", "msg", "info"] },
    execute: { name: "execute", params: ["env", "info", "msg"], placed: ["msg", "env", "info"] },
    query: { name: "query", params: ENV_MSG, placed: MSG_ENV },
    migrate: MIGRATE,
    reply: { name: "reply", params: ENV_MSG, placed: MSG_ENV },
    sudo: { name: "sudo", params: ENV_MSG, placed: MSG_ENV },
  },
};

export const ALLOCATE = "allocate";
