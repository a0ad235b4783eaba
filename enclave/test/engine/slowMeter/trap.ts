/** How a call can end without a result, in the words of the meter. */
export type TrapKind =
  | "panic"
  | "memory"
  | "division"
  | "table"
  | "signature"
  | "stack"
  | "uncallable"
  | "gas"
  | "allocation"
  | "read"
  | "query write"
  | "thread"
  | "unknown";

export class Trap extends Error {
  readonly kind: TrapKind;
  constructor(kind: TrapKind) {
    super(kind);
    this.kind = kind;
  }
}
