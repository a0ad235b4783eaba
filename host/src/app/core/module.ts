/**
 * What a module is to the application: messages, queries, genesis and its part in every block.
 * @module
 */
import type { ValidatorUpdate } from "../../abci/application.ts";
import type { Context } from "./context.ts";
import type { MessageRoute } from "./messageRouter.ts";
import type { QueryRoute } from "./queryRouter.ts";

export type Module = {
  readonly name: string;
  readonly messages?: readonly MessageRoute[];
  readonly queries?: readonly QueryRoute[];
  /** @param genesis the module's member of `app_state`; undefined if there is none */
  initGenesis?(context: Context, genesis: unknown): void;
  beginBlock?(context: Context): void;
  endBlock?(context: Context): readonly ValidatorUpdate[];
};
