/**
 * The compute store as one message sees it: the host's state under the changes that its call tree has made so far.
 *
 * A scope is opened for each sub-message and kept or dropped with it (contracts §6.4). Changes stay inside the enclave until the
 * message ends. State of other modules is the host's: its branch for a scope is opened only once native work happens in it.
 * @module
 */
import type { StoreWrite } from "@sotto/boundary/messages";
import { binaryText } from "../lruCache.ts";
import type { Host } from "./host.ts";
import type { StoreReader } from "./storeReader.ts";

type Change = StoreWrite;
type Scope = { readonly changes: Map<string, Change>; onHost: boolean };

const STORE = "compute";

/** What a scope ends with. */
export type ScopeEnd = "keep" | "drop";

export class ScopedState {
  readonly #host: Host;
  readonly #reader: StoreReader;
  readonly #root: Scope = { changes: new Map(), onHost: true };
  readonly #scopes: Scope[] = [this.#root];

  constructor(host: Host, reader: StoreReader) {
    this.#host = host;
    this.#reader = reader;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const name = binaryText(key);
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const change = this.#scopes[i]?.changes.get(name);
      if (change !== undefined) return change.value;
    }
    return this.#reader.read(key);
  }

  /** Bytes are kept, not copied. */
  set(key: Uint8Array, value: Uint8Array): void {
    this.#top().changes.set(binaryText(key), { store: STORE, key, value });
  }

  delete(key: Uint8Array): void {
    this.#top().changes.set(binaryText(key), { store: STORE, key, value: undefined });
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

  /** All changes kept, sorted by key. */
  writes(): StoreWrite[] {
    const changes = [...this.#root.changes].sort(([a], [b]) => (a < b ? -1 : 1));
    return changes.map(([, change]) => change);
  }

  /** Changes that calls see and the host does not yet, in no order. */
  visibleChanges(): StoreWrite[] {
    const visible = new Map<string, Change>();
    for (const { changes } of this.#scopes) for (const [name, change] of changes) visible.set(name, change);
    return [...visible.values()];
  }

  #top(): Scope {
    return this.#scopes[this.#scopes.length - 1] as Scope;
  }
}
