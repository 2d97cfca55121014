import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The definition as CDK fills it, with functions by their names in kebab case. */
export const definition = (name: string): object => {
  const text = readFileSync(join(import.meta.dirname, `../../../statemachines/strategy/${name}.asl.json`), 'utf8')
    .replace(/\$\{(\w+)FunctionArn\}/g, (_, fn: string) => {
      const kebab = fn.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
      return `arn:aws:lambda:us-east-1:000000000000:function:${kebab}`;
    })
    .replace(/\$\{AthenaWorkGroup\}/, 'herald');
  return JSON.parse(text) as object;
};
