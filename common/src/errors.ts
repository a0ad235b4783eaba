/**
 * Coded errors: (codespace, code) is what crosses the boundary and what callers switch on; the text is for people.
 *
 * There is no variant without a code. Messages say what was expected and what came, and never carry plaintext or keys.
 * @module
 */

/** Base of all errors that are results rather than programming mistakes. */
export abstract class CodedError<Code extends number = number> extends Error {
  readonly codespace: string;
  readonly code: Code;

  constructor(codespace: string, code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.codespace = codespace;
    this.code = code;
  }
}

export const InputErrorCode = {
  /** Bytes or text that do not have the form which they must have. */
  Malformed: 1,
  /** A value outside its bounds. */
  OutOfRange: 2,
} as const;
export type InputErrorCode = (typeof InputErrorCode)[keyof typeof InputErrorCode];

/** Foreign bytes or text were refused by a decoder or parser of `common/` or `boundary/`. */
export class InputError extends CodedError<InputErrorCode> {
  override readonly name = "InputError";
  constructor(code: InputErrorCode, message: string, options?: ErrorOptions) {
    super("input", code, message, options);
  }
}
