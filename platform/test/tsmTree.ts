/**
 * A tree that behaves as configfs-tsm with the driver of a TD does (registration §5.5): an entry is a folder that is made, each write to
 * `inblob` raises `generation`, wrong lengths and a busy driver show when `outblob` is read.
 * @module
 */
import type { DeviceFs } from "../src/deviceFiles.ts";

export type TsmOptions = {
  readonly provider: string;
  readonly quote: (reportData: Uint8Array) => Uint8Array;
  /** How many reads of `outblob` find an earlier request in flight. */
  readonly busy?: number;
  /** What making an entry answers. */
  readonly mkdir?: string;
  /** Somebody else writes to the entry while the quote is made. */
  readonly intruder?: boolean;
  /** Bytes that the driver's buffer has. */
  readonly buffer?: number;
};

function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}

export function makeTsmTree(options: TsmOptions): DeviceFs & { readonly entries: ReadonlySet<string> } {
  const entries = new Set<string>();
  const open = new Map<number, { readonly path: string; readonly content: Uint8Array; at: number }>();
  let next = 3;
  let generation = 7;
  let inblob = new Uint8Array(0);
  let busy = options.busy ?? 0;
  const outblob = (): Uint8Array => {
    if (busy-- > 0) throw errno("EBUSY");
    if (inblob.length !== 64) throw errno("EINVAL");
    if (options.intruder) generation++;
    const quote = options.quote(inblob);
    if (quote.length > (options.buffer ?? 8192)) throw errno("EFBIG");
    return quote;
  };
  const content = (path: string): Uint8Array => {
    const at = path.lastIndexOf("/");
    if (!entries.has(path.slice(0, at))) throw errno("ENOENT");
    const files: Record<string, () => Uint8Array> = {
      provider: () => new TextEncoder().encode(`${options.provider}\n`),
      generation: () => new TextEncoder().encode(`${generation}\n`),
      inblob: () => new Uint8Array(0),
      outblob,
    };
    const file = files[path.slice(at + 1)];
    if (file === undefined) throw errno("ENOENT");
    return file();
  };
  return {
    entries,
    openSync: (path, flags) => {
      if (flags === "r+" && !path.endsWith("/inblob")) throw errno("EACCES");
      // The driver works when the file is read, not when it is opened.
      const isLazy = path.endsWith("/outblob");
      open.set(next, { path, content: isLazy ? new Uint8Array(0) : content(path), at: 0 });
      return next++;
    },
    readSync: (fd, into) => {
      const file = open.get(fd);
      if (file === undefined) throw errno("EBADF");
      const bytes = file.path.endsWith("/outblob") && file.at === 0 ? content(file.path) : file.content;
      open.set(fd, { ...file, content: bytes, at: file.at + Math.min(into.length, bytes.length - file.at, 4096) });
      const some = bytes.subarray(file.at, open.get(fd)?.at);
      into.set(some);
      return some.length;
    },
    writeSync: (_fd, bytes) => {
      inblob = bytes.slice();
      generation++;
      return bytes.length;
    },
    closeSync: (fd) => {
      open.delete(fd);
    },
    mkdirSync: (path) => {
      if (options.mkdir !== undefined) throw errno(options.mkdir);
      entries.add(path);
    },
    rmdirSync: (path) => {
      entries.delete(path);
    },
  };
}
