/**
 * Messages of module compute (chain §2.1): all of them run in the enclave; of an upload the code is kept here.
 * @module
 */
import {
  MsgClearAdmin,
  MsgClearAdminResponse,
  MsgExecuteContract,
  MsgExecuteContractResponse,
  MsgInstantiateContract,
  MsgInstantiateContractResponse,
  MsgMigrateContract,
  MsgMigrateContractResponse,
  MsgStoreCode,
  MsgStoreCodeResponse,
  MsgUpdateAdmin,
  MsgUpdateAdminResponse,
} from "@sotto/common/wire/compute";
import type { MessageCodec } from "@sotto/common/wire/message";
import { parseAddress } from "../../core/addresses.ts";
import { type MessageRoute, route } from "../../core/messageRouter.ts";
import type { OcallDeps } from "./ocalls.ts";
import { runContract } from "./runContract.ts";
import { storeCode } from "./storeCode.ts";
import {
  validateClearAdmin,
  validateExecute,
  validateInstantiate,
  validateMigrate,
  validateStoreCode,
  validateUpdateAdmin,
} from "./validateBasic.ts";

/** Whoever signed, unless an enclave did. */
function directSigner(sender: Uint8Array, callbackSig: Uint8Array): Uint8Array | undefined {
  return callbackSig.length === 0 ? sender : undefined;
}

export function computeMessages(deps: OcallDeps): MessageRoute[] {
  return [storeCodeRoute(deps), instantiateRoute(deps), executeRoute(deps), ...adminRoutes(deps)];
}

function storeCodeRoute(deps: OcallDeps): MessageRoute {
  return route({
    request: MsgStoreCode,
    response: MsgStoreCodeResponse,
    signers: ({ sender }) => [sender],
    validateBasic: validateStoreCode,
    handle: (context, message) => ({ codeId: storeCode(deps, context, message) }),
  });
}

/** Its events, the `message` event included, come from the enclave (clients §1.4). */
function instantiateRoute(deps: OcallDeps): MessageRoute {
  return route({
    request: MsgInstantiateContract,
    response: MsgInstantiateContractResponse,
    signers: ({ sender }) => [sender],
    validateBasic: validateInstantiate,
    handle: (context, { sender, callbackSig }) => {
      const call = { failureCode: 2, signedDirectly: directSigner(sender, callbackSig) };
      return MsgInstantiateContractResponse.decode(runContract(deps, context, call));
    },
  });
}

function executeRoute(deps: OcallDeps): MessageRoute {
  return route({
    request: MsgExecuteContract,
    response: MsgExecuteContractResponse,
    signers: ({ sender }) => [sender],
    validateBasic: validateExecute,
    handle: (context, { sender, callbackSig }) => {
      const call = { failureCode: 3, signedDirectly: directSigner(sender, callbackSig) };
      return MsgExecuteContractResponse.decode(runContract(deps, context, call));
    },
  });
}

type AdminMessage = { readonly sender: string; readonly callbackSig: Uint8Array };
type AdminRoute<T, R> = {
  readonly request: MessageCodec<T>;
  readonly response: MessageCodec<R>;
  readonly validateBasic: (message: T) => void;
  readonly failureCode?: number;
};

/** A message whose sender is text. */
function adminRoute<T extends AdminMessage, R>(
  deps: OcallDeps,
  { request, response, validateBasic, failureCode }: AdminRoute<T, R>,
): MessageRoute {
  return route({
    request,
    response,
    signers: ({ sender }) => [parseAddress(sender)],
    validateBasic,
    handle: (context, { sender, callbackSig }) => {
      const call = { failureCode, signedDirectly: directSigner(parseAddress(sender), callbackSig) };
      return response.decode(runContract(deps, context, call));
    },
  });
}

function adminRoutes(deps: OcallDeps): MessageRoute[] {
  return [
    adminRoute(deps, {
      request: MsgMigrateContract,
      response: MsgMigrateContractResponse,
      validateBasic: validateMigrate,
      failureCode: 5,
    }),
    adminRoute(deps, {
      request: MsgUpdateAdmin,
      response: MsgUpdateAdminResponse,
      validateBasic: validateUpdateAdmin,
    }),
    adminRoute(deps, { request: MsgClearAdmin, response: MsgClearAdminResponse, validateBasic: validateClearAdmin }),
  ];
}
