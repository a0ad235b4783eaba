/**
 * The proven stores as one message sees them: the state before it under the changes that its call tree has made so far.
 *
 * A scope is opened for each sub-message and kept or dropped with it (contracts §6.4). Changes stay inside the enclave until the
 * message ends. State of other modules is the host's: its branch for a scope is opened only once native work happens in it.
 * @module
 */
import type { ProvenStore, StoreWrite } from "@sotto/boundary/messages";
import type { Host } from "./host.ts";
import { type StateKey, type StateReader, stateKey } from "./stateKey.ts";

type Change = { readonly at: StateKey; readonly value: Uint8Array | undefined };
type Scope = { readonly changes: Map<string, Change>; onHost: boolean };

/** What a scope ends with. */
export type ScopeEnd = "keep" | "drop";

export class ScopedState {
  readonly #host: Host;
  readonly #reader: StateReader;
  readonly #root: Scope = { changes: new Map(), onHost: true };
  readonly #scopes: Scope[] = [this.#root];

  /** @param reader state before the message */
  constructor(host: Host, reader: StateReader) {
    this.#host = host;
    this.#reader = reader;
  }

  /** A value as the running message sees it, proven. @throws {RefusalError} HostMisbehavior, BadProof */
  read(store: ProvenStore, key: Uint8Array): Uint8Array | undefined {
    const at = stateKey(store, key);
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const change = this.#scopes[i]?.changes.get(at.name);
      if (change !== undefined) return change.value;
    }
    return this.#reader.read(at);
  }

  /** In the innermost scope; part of the state once message and transaction are kept. Bytes are kept, not copied. @param value undefined deletes */
  write(store: ProvenStore, key: Uint8Array, value: Uint8Array | undefined): void {
    const at = stateKey(store, key);
    this.#top().changes.set(at.name, { at, value });
  }

  /** Runs `work` in a scope of its own, which is kept if it says so; dropped if it throws. */
  inScope<T>(work: () => { readonly end: ScopeEnd; readonly value: T }): T {
    const scope: Scope = { changes: new Map(), onHost: false };
    this.#scopes.push(scope);
    let end: ScopeEnd = "drop";
    try {
      const result = work();
      end = result.end;
      return result.value;
    } finally {
      this.#scopes.pop();
      if (end === "keep") for (const [name, change] of scope.changes) this.#top().changes.set(name, change);
      if (scope.onHost) this.#host.call("branch", { operation: { kind: end, value: {} } });
    }
  }

  /** To be called before the host changes its own state for this message. */
  prepareNativeWork(): void {
    for (const scope of this.#scopes) {
      if (scope.onHost) continue;
      this.#host.call("branch", { operation: { kind: "open", value: {} } });
      scope.onHost = true;
    }
  }

  /** All changes kept, sorted by store and key. */
  writes(): StoreWrite[] {
    const changes = [...this.#root.changes].sort(([a], [b]) => (a < b ? -1 : 1));
    return changes.map(([, change]) => toWrite(change));
  }

  /** Changes that calls see and the host does not yet, in no order. */
  visibleChanges(): StoreWrite[] {
    const visible = new Map<string, Change>();
    for (const { changes } of this.#scopes) for (const [name, change] of changes) visible.set(name, change);
    return [...visible.values()].map(toWrite);
  }

  #top(): Scope {
    return this.#scopes[this.#scopes.length - 1] as Scope;
  }
}

function toWrite({ at: { store, key }, value }: Change): StoreWrite {
  return { store, key, value };
}
