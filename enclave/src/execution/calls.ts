/**
 * The calls that lead to one another, put together.
 * @module
 */
import type { Calls } from "./callTree.ts";
import { changeAdmin } from "./changeAdmin.ts";
import { executeContract } from "./executeContract.ts";
import { handleResponse } from "./handleResponse.ts";
import { instantiateContract } from "./instantiateContract.ts";
import { migrateContract } from "./migrateContract.ts";
import { queryContract } from "./queryContract.ts";

export const CALLS: Calls = {
  execute: executeContract,
  instantiate: instantiateContract,
  migrate: migrateContract,
  changeAdmin,
  query: queryContract,
  handleResponse,
};
