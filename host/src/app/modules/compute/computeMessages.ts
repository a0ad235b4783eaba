/**
 * Messages of module compute (chain §2.1): storing code runs here, everything that runs a contract runs in the enclave.
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
import { formatAddress, parseAddress } from "../../core/addresses.ts";
import { emit } from "../../core/context.ts";
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

const MODULE = ["module", "compute"] as const;

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
    handle: (context, message) => ({ codeId: storeCode(deps.powers, context, message) }),
  });
}

function instantiateRoute(deps: OcallDeps): MessageRoute {
  return route({
    request: MsgInstantiateContract,
    response: MsgInstantiateContractResponse,
    signers: ({ sender }) => [sender],
    validateBasic: validateInstantiate,
    handle: (context, { sender, callbackSig }) => {
      const signedDirectly = directSigner(sender, callbackSig);
      const response = MsgInstantiateContractResponse.decode(
        runContract(deps, context, { failureCode: 2, signedDirectly }),
      );
      // After everything that the contract did, unlike for execute (clients §1.4).
      emit(context, "message", MODULE, ["sender", formatAddress(sender)], ["contract_address", response.address]);
      return response;
    },
  });
}

function executeRoute(deps: OcallDeps): MessageRoute {
  return route({
    request: MsgExecuteContract,
    response: MsgExecuteContractResponse,
    signers: ({ sender }) => [sender],
    validateBasic: validateExecute,
    handle: (context, { sender, contract, callbackSig }) => {
      const address = formatAddress(contract);
      emit(context, "message", MODULE, ["sender", formatAddress(sender)], ["contract_address", address]);
      const signedDirectly = directSigner(sender, callbackSig);
      return MsgExecuteContractResponse.decode(runContract(deps, context, { failureCode: 3, signedDirectly }));
    },
  });
}

function adminRoutes(deps: OcallDeps): MessageRoute[] {
  return [
    route({
      request: MsgMigrateContract,
      response: MsgMigrateContractResponse,
      signers: ({ sender }) => [parseAddress(sender)],
      validateBasic: validateMigrate,
      handle: (context, { sender, callbackSig }) => {
        emit(context, "message", MODULE, ["sender", sender]);
        const signedDirectly = directSigner(parseAddress(sender), callbackSig);
        return MsgMigrateContractResponse.decode(runContract(deps, context, { failureCode: 5, signedDirectly }));
      },
    }),
    route({
      request: MsgUpdateAdmin,
      response: MsgUpdateAdminResponse,
      signers: ({ sender }) => [parseAddress(sender)],
      validateBasic: validateUpdateAdmin,
      handle: (context, { sender, callbackSig }) => {
        emit(context, "message", MODULE, ["sender", sender]);
        const signedDirectly = directSigner(parseAddress(sender), callbackSig);
        return MsgUpdateAdminResponse.decode(runContract(deps, context, { failureCode: 5, signedDirectly }));
      },
    }),
    route({
      request: MsgClearAdmin,
      response: MsgClearAdminResponse,
      signers: ({ sender }) => [parseAddress(sender)],
      validateBasic: validateClearAdmin,
      handle: (context, { sender, callbackSig }) => {
        emit(context, "message", MODULE, ["sender", sender]);
        const signedDirectly = directSigner(parseAddress(sender), callbackSig);
        return MsgClearAdminResponse.decode(runContract(deps, context, { failureCode: 5, signedDirectly }));
      },
    }),
  ];
}
