/**
 * What can be wrong with the pages or paths of a sparse Merkle tree.
 * @module
 */
import { CodedError } from "../errors.ts";

export const TreeErrorCode = {
  /** A page that the tree refers to is not in the page store. */
  MissingPage: 1,
  /** Bytes that are no page. */
  MalformedPage: 2,
  /** A path that does not lead from the root to what it claims. */
  InvalidPath: 3,
} as const;
export type TreeErrorCode = (typeof TreeErrorCode)[keyof typeof TreeErrorCode];

/** In the store's owner a sign of damage; to the enclave, of a lie. */
export class TreeError extends CodedError<TreeErrorCode> {
  override readonly name = "TreeError";
  constructor(code: TreeErrorCode, message: string, options?: ErrorOptions) {
    super("tree", code, message, options);
  }
}
