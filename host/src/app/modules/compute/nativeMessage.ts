/**
 * A message of another module that a contract sends: read, checked, and run with the contract as its only signer (chain §2.12,
 * contracts §5.4).
 * @module
 */
import type { OcallRequest } from "@sotto/boundary/messages";
import { equalBytes } from "@sotto/common/bytes";
import { AppError, sdkError } from "../../core/appError.ts";
import type { Context } from "../../core/context.ts";
import type { MessageRouter, RoutedMessage } from "../../core/messageRouter.ts";
import { unbuiltError, unbuiltModuleOf } from "./unbuiltModules.ts";

type NativeMessage = Pick<OcallRequest<"runMessage">, "signer" | "typeUrl" | "value">;

/** @returns the response message @throws {AppError, OutOfGas} */
export function runNativeMessage(router: MessageRouter, context: Context, sent: NativeMessage): Uint8Array {
  const message = unpack(router, sent);
  try {
    message.validateBasic();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw error.wrap(`failed basic validation for message type ${goTypeOf(sent.typeUrl)}`);
  }
  if (!message.signers().every((address) => equalBytes(address, sent.signer))) {
    throw sdkError(4, "contract doesn't have permission");
  }
  return message.handle(context).value;
}

function unpack(router: MessageRouter, { typeUrl, value }: NativeMessage): RoutedMessage {
  const unbuilt = unbuiltModuleOf(typeUrl);
  if (unbuilt !== undefined) throw unbuiltError(unbuilt, typeUrl);
  try {
    return router.read({ typeUrl, value });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw AppError.registered("compute", 10, `Cannot unpack proto message with type URL: ${typeUrl}`);
  }
}

/** Quirk: the chain names the type as its own language does; modules with several versions have a package for each. */
function goTypeOf(typeUrl: string): string {
  const [name = "", version = "", module = ""] = typeUrl.split(".").reverse();
  return `*${module === "gov" ? version : "types"}.${name}`;
}
