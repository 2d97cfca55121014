import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const folder = join(import.meta.dirname, '..', 'core', 'event', 'matcher');

/** The module that kernel-bytes.ts must be, made of kernel.wat. */
export const kernelModule = async (): Promise<string> => {
  const { parseWat } = await wabt();
  const parsed = parseWat('kernel.wat', readFileSync(join(folder, 'kernel.wat'), 'utf8'), { simd: true });
  parsed.validate();
  const bytes = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
  const lines = (bytes.match(/.{1,110}/g) ?? []).map((line) => `  '${line}',`);
  return `/** kernel.wat, assembled by scripts/assemble-kernel.ts: base64 in lines. */
export const KERNEL = [
${lines.join('\n')}
];
`;
};

if (import.meta.main) writeFileSync(join(folder, 'kernel-bytes.ts'), await kernelModule());
