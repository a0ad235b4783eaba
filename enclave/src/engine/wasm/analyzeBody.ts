/**
 * What one function costs: gas of each instruction sequence, operand stack, and what it contains that must not run.
 *
 * Looks at bodies that have passed full validation, so indices and stack heights are right. Spec: contracts §4.1, §1.4 step 7, §1.6.
 * @module
 */
import {
  blockResults,
  type DecodedModule,
  type FunctionBody,
  type FunctionType,
  functionTypeOf,
  type WasmImport,
} from "./decodeModule.ts";
import { endsSequence, isFloatOp, isFloatType, isStore, Op, stackEffectOf } from "./opcodes.ts";
import { WasmReader } from "./wasmReader.ts";

/** W for each instruction (contracts §4.2). */
export const GAS_PER_INSTRUCTION = 2;

export type BodyReport = {
  /** W of each sequence, in the order in which sequences open; dead ones are not listed. */
  readonly costs: readonly number[];
  /** Most values that are on the operand stack at once. */
  readonly deepest: number;
  /** Stores to memory. */
  readonly stores: boolean;
  /** Calls nothing that has a stack frame of its own. */
  readonly isLeaf: boolean;
  /** Floating point in the sense of contracts §1.4 step 7, parameters included. */
  readonly usesFloat: boolean;
  /** Calls an import that the host does not have (contracts §1.7). */
  readonly callsUnlinked: boolean;
};

/** One open sequence: `counted` if it is not inside dead code, `live` until an instruction that never falls through; `cost` its place in the list of costs. */
type Sequence = {
  readonly counted: boolean;
  live: boolean;
  readonly height: number;
  readonly results: number;
  cost: number;
};

export type BodyContext = {
  readonly module: DecodedModule;
  readonly imported: readonly WasmImport[];
  /** By function index: the host has no such import. */
  readonly unlinked: readonly boolean[];
};

/** @param type the function's type; `body` its code, already validated */
export function analyzeBody(context: BodyContext, type: FunctionType, body: FunctionBody): BodyReport {
  const { module } = context;
  const reader = new WasmReader(module.bytes, body.code.start, body.code.end);
  const costs = [0];
  const sequences: Sequence[] = [{ counted: true, live: true, height: 0, results: type.results.length, cost: 0 }];
  const isFloatLocal = makeFloatLocals(type, body);
  let height = 0;
  let deepest = 0;
  let stores = false;
  let isLeaf = true;
  let usesFloat = type.params.some(isFloatType);
  let callsUnlinked = false;
  while (reader.at < reader.end) {
    const opcode = reader.instruction();
    const sequence = sequences[sequences.length - 1] as Sequence;
    if (opcode === Op.End || opcode === Op.Else) {
      height = sequence.height + (opcode === Op.End ? sequence.results : 0);
      // The value of a block is an operand behind its end, even if the end is only reached through dead code.
      if (sequence.counted && height > deepest) deepest = height;
      sequences.pop();
      if (opcode === Op.Else) sequences.push(openSequence(costs, sequence.counted, sequence.height, sequence.results));
      continue;
    }
    const counted = sequence.counted && sequence.live;
    if (counted && opcode !== Op.Nop) {
      (costs[sequence.cost] as number) += GAS_PER_INSTRUCTION;
      height += stackEffectOf(opcode);
      stores ||= isStore(opcode);
      if (opcode === Op.Call || opcode === Op.CallIndirect) {
        const callee = calleeType(context, opcode, reader.immediate);
        height += callee.results.length - callee.params.length;
        isLeaf = false;
        if (opcode === Op.Call && context.unlinked[reader.immediate]) callsUnlinked = true;
      }
      if (height > deepest) deepest = height;
    }
    if (sequence.live && !usesFloat) usesFloat = isFloatUse(module, isFloatLocal, opcode, reader.immediate);
    if (opcode === Op.Block || opcode === Op.Loop || opcode === Op.If) {
      sequences.push(openSequence(costs, counted, height, blockResults(reader.immediate)));
    } else if (endsSequence(opcode)) sequence.live = false;
  }
  return { costs, deepest, stores, isLeaf, usesFloat, callsUnlinked };
}

function openSequence(costs: number[], counted: boolean, height: number, results: number): Sequence {
  // A block that is opened in dead code is looked at for floats, as if it were live, but not counted.
  const cost = counted ? costs.push(0) - 1 : -1;
  return { counted, live: true, height, results, cost };
}

function calleeType(context: BodyContext, opcode: number, index: number): FunctionType {
  const { module, imported } = context;
  const type = opcode === Op.Call ? functionTypeOf(module, imported, index) : module.types[index];
  if (type === undefined) throw new Error(`validated code refers to a function or type ${index} that does not exist`);
  return type;
}

/** A test whether the local of an index is a float. */
function makeFloatLocals(type: FunctionType, body: FunctionBody): (index: number) => boolean {
  const floats = body.locals.some((group) => isFloatType(group.type)) || type.params.some(isFloatType);
  if (!floats) return () => false;
  return (index) => {
    if (index < type.params.length) return isFloatType(type.params[index] as number);
    let left = index - type.params.length;
    for (const group of body.locals) {
      if (left < group.count) return isFloatType(group.type);
      left -= group.count;
    }
    return false;
  };
}

function isFloatUse(
  module: DecodedModule,
  isFloatLocal: (index: number) => boolean,
  opcode: number,
  index: number,
): boolean {
  if (opcode >= Op.LocalGet && opcode <= Op.LocalTee) return isFloatLocal(index);
  if (opcode === Op.GlobalGet || opcode === Op.GlobalSet) return isFloatType(module.globals[index]?.type ?? 0);
  return isFloatOp(opcode);
}
