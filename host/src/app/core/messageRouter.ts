/**
 * Messages by type URL: how each is decoded, checked without state, and handled.
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import { CodedError } from "@sotto/common/errors";
import type { Any } from "@sotto/common/wire/any";
import { formatAddress } from "./addresses.ts";
import { AppError, sdkError } from "./appError.ts";
import type { Context } from "./context.ts";

/** Bytes of a message and back, by whatever implementation. */
export type MessageCodecOf<T> = {
  readonly typeUrl: string;
  encode(value: T): Uint8Array;
  /** @throws {CodedError} for other bytes, unknown fields included */
  decode(bytes: Uint8Array): T;
};

/** What a module says about one of its messages. */
export type MessageRoute<T = unknown, R = unknown> = {
  readonly request: MessageCodecOf<T>;
  readonly response: MessageCodecOf<R>;
  /** @throws {AppError} if the text is no address */
  signers(message: T): readonly Uint8Array[];
  /** Checks that need no state. @throws {AppError} */
  validateBasic?(message: T): void;
  /** @throws {AppError, OutOfGas} */
  handle(context: Context, message: T): R;
};

/** Lets routes of different messages be listed together. */
export function route<T, R>(definition: MessageRoute<T, R>): MessageRoute {
  return definition as unknown as MessageRoute;
}

export type RoutedMessage = {
  readonly typeUrl: string;
  signers(): readonly Uint8Array[];
  validateBasic(): void;
  /** Runs the message and gives its response; events are those of the handler alone. */
  handle(context: Context): Any;
  /** Runs the message and gives its response with the events as a client sees them, without `msg_index`. */
  run(context: Context): Any;
};

/** `/cosmos.bank.v1beta1.MsgSend` → `bank`. */
function moduleOfTypeUrl(typeUrl: string): string {
  return typeUrl.split(".")[1] ?? "";
}

export class MessageRouter {
  readonly #routes = new Map<string, MessageRoute>();

  constructor(routes: readonly MessageRoute[]) {
    for (const entry of routes) this.#routes.set(entry.request.typeUrl, entry);
  }

  /** @throws {AppError} sdk/2, if the type is not known or the bytes are not its encoding */
  read({ typeUrl, value }: Any): RoutedMessage {
    const found = this.#routes.get(typeUrl);
    if (found === undefined) throw sdkError(2, `unable to resolve type URL ${typeUrl}`);
    let message: unknown;
    try {
      message = found.request.decode(value);
    } catch (error) {
      if (error instanceof CodedError) throw sdkError(2, error.message);
      throw error;
    }
    let signers: readonly Uint8Array[] | undefined;
    const signersOnce = (): readonly Uint8Array[] => {
      signers ??= found.signers(message);
      return signers;
    };
    return {
      typeUrl,
      signers: signersOnce,
      validateBasic: () => found.validateBasic?.(message),
      handle: (context) => handleRoute(found, context, message),
      run: (context) => runWithAction(context, typeUrl, signersOnce()[0], () => handleRoute(found, context, message)),
    };
  }
}

function handleRoute(found: MessageRoute, context: Context, message: unknown): Any {
  return { typeUrl: found.response.typeUrl, value: found.response.encode(found.handle(context, message)) };
}

function runWithAction(context: Context, typeUrl: string, signer: Uint8Array | undefined, handle: () => Any): Any {
  const first = context.events.length;
  const response = handle();
  const handlerEvents = context.events.splice(first);
  context.events.push(actionEvent(typeUrl, signer, handlerEvents), ...handlerEvents);
  return response;
}

/** The first event of every message (chain §2.19); `module` only if the handler named none. */
function actionEvent(typeUrl: string, signer: Uint8Array | undefined, handlerEvents: readonly Event[]): Event {
  const attributes = [{ key: "action", value: typeUrl }];
  if (signer !== undefined) attributes.push({ key: "sender", value: formatAddress(signer) });
  const named = handlerEvents.some((event) => event.attributes.some(({ key }) => key === "module"));
  if (!named) attributes.push({ key: "module", value: moduleOfTypeUrl(typeUrl) });
  return { type: "message", attributes };
}

/** An address text of a message. @throws {AppError} sdk/7 `invalid <role> address: …` (chain §7.24) */
export function parseRole(role: string, text: string, parse: (text: string) => Uint8Array): Uint8Array {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof AppError) throw sdkError(7, `invalid ${role} address: ${error.log}`);
    throw error;
  }
}
