/**
 * Pseudo-files of Gramine and of the kernel: each write is a request of its own, and only reading tells how long they are.
 * @module
 */

/** Of `node:fs` no more than these files need; tests put a tree in its place that behaves as such files do. */
export type DeviceFs = {
  readonly openSync: (path: string, flags: "r" | "r+") => number;
  readonly readSync: (fd: number, into: Uint8Array) => number;
  readonly writeSync: (fd: number, bytes: Uint8Array) => number;
  readonly closeSync: (fd: number) => void;
  readonly mkdirSync: (path: string) => void;
  readonly rmdirSync: (path: string) => void;
};

/** More than any quote has (registration §5.1, §5.5). */
const MAX_BYTES = 65_536;

/** The error's code, as in `ENOENT`. */
export function errnoOf(error: unknown): string {
  return (error as { readonly code?: string }).code ?? (error as Error).message;
}

/** Opens the file and reads to its end: the size that `stat` gives is 0. @throws what the file system throws */
export function readDevice(fs: DeviceFs, path: string): Uint8Array {
  const fd = fs.openSync(path, "r");
  try {
    const bytes = new Uint8Array(MAX_BYTES);
    let length = 0;
    for (let count = -1; count !== 0 && length < MAX_BYTES; length += count)
      count = fs.readSync(fd, bytes.subarray(length));
    return bytes.slice(0, length);
  } finally {
    fs.closeSync(fd);
  }
}

/** The file's text, without white space at its ends. */
export function readDeviceText(fs: DeviceFs, path: string): string {
  return String.fromCharCode(...readDevice(fs, path)).trim();
}

/** Hands over all bytes in one call, since a second call would replace the first. @throws what the file system throws */
export function writeDevice(fs: DeviceFs, path: string, bytes: Uint8Array): void {
  const fd = fs.openSync(path, "r+");
  try {
    const written = fs.writeSync(fd, bytes);
    if (written !== bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes were taken`);
  } finally {
    fs.closeSync(fd);
  }
}
