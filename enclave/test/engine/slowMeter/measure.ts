/**
 * What the slow meter knows of a function before it runs: the gas of each sequence and the size of its frame.
 *
 * Spec: contracts §4.1 (gas), §1.6 (limits), ADR 0003 and design (8 × (parameters + locals + deepest operands + 4) bytes a frame).
 */
import type { FunctionCode, Instruction, Module, Sequence, Signature } from "./readModule.ts";

export type Measured = {
  /** W of each live sequence; dead ones are absent. */
  readonly costs: ReadonlyMap<Sequence, bigint>;
  readonly frameBytes: number;
  /** Cannot be entered: too large, or it calls an import that does not exist. */
  readonly fails: boolean;
};

const NEVER_FALLS_THROUGH: ReadonlySet<string> = new Set(["br", "br_table", "return", "unreachable"]);

/** The instructions that count: neither `nop` nor behind one that never falls through. */
export function liveOf(sequence: Sequence): Sequence {
  const end = sequence.findIndex((item) => NEVER_FALLS_THROUGH.has(item.name));
  const reached = end < 0 ? sequence : sequence.slice(0, end + 1);
  return reached.filter((item) => item.name !== "nop");
}

/** Operands taken and given by an instruction that is neither a block nor a call. */
function effectOf(name: string): readonly [taken: number, given: number] {
  if (/^(local|global)\.get$|^memory\.size$|\.const$/.test(name)) return [0, 1];
  if (/^(local|global)\.set$|^drop$|^br_if$|^br_table$/.test(name)) return [1, 0];
  if (name === "select") return [3, 1];
  if (/\.store/.test(name)) return [2, 0];
  if (/^(br|return|unreachable)$/.test(name)) return [0, 0];
  if (/local\.tee|memory\.grow|load|\.eqz|\.(clz|ctz|popcnt)|\.extend|\.wrap/.test(name)) return [1, 1];
  if (/\.(abs|neg|ceil|floor|trunc|nearest|sqrt|convert|demote|promote|reinterpret)/.test(name)) return [1, 1];
  return [2, 1];
}

export function measure(
  module: Module,
  isLinked: (index: number) => boolean,
  type: Signature,
  code: FunctionCode,
): Measured {
  const costs = new Map<Sequence, bigint>();
  let deepest = 0;
  let fails = false;

  const reach = (height: number): number => {
    deepest = Math.max(deepest, height);
    return height;
  };

  function visit(sequence: Sequence, base: number): void {
    const live = liveOf(sequence);
    costs.set(sequence, 2n * BigInt(live.length));
    let height = base;
    for (const item of live) height = reach(step(item, height));
  }

  /** Height of the operand stack after the instruction. */
  function step(item: Instruction, height: number): number {
    const { name, index } = item;
    if (name === "block" || name === "loop" || name === "if") {
      const base = name === "if" ? height - 1 : height;
      visit(item.body, base);
      if (item.otherwise !== undefined) visit(item.otherwise, base);
      return base + (item.result === undefined ? 0 : 1);
    }
    if (name === "call" || name === "call_indirect") {
      if (name === "call" && !isLinked(index)) fails = true;
      const callee = module.types[name === "call" ? (module.functions[index] as number) : index] as Signature;
      const taken = callee.params.length + (name === "call" ? 0 : 1);
      return height - taken + (callee.result === undefined ? 0 : 1);
    }
    const [taken, given] = effectOf(name);
    return height - taken + given;
  }

  visit(code.body, 0);
  reach(type.result === undefined ? 0 : 1); // after the function's own `end`
  const slots = type.params.length + code.locals.length + deepest;
  return { costs, frameBytes: 8 * (slots + 4), fails: fails || deepest > 2000 || slots > 4000 };
}
