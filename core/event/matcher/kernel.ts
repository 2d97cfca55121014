import { KERNEL } from './kernel-bytes.ts';

/** What is used of WebAssembly, which the types of Node do not know. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: Record<string, Record<string, object>>,
  ) => { exports: Record<string, unknown> };
  Memory: new (size: { initial: number; maximum: number }) => { buffer: ArrayBuffer };
};

/** `met`: the address behind the runs that are there already. `event`: not 0, and another one each time. Gives how many were found. */
export type Kernel = { memory: ArrayBuffer; match(met: number, event: number): number };

const PAGE_BYTES = 65_536;

const compiled = new WebAssembly.Module(Uint8Array.from(atob(KERNEL.join('')), (byte) => byte.charCodeAt(0)));

/** A kernel with a memory of its own, which begins with these words. */
export const openKernel = (words: Int32Array, bytes: number): Kernel => {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  new Int32Array(memory.buffer).set(words);
  const { match } = new WebAssembly.Instance(compiled, { index: { memory } }).exports;
  return { memory: memory.buffer, match: match as Kernel['match'] };
};
