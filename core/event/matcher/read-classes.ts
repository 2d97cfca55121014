import type { Facts } from '../evaluate.ts';
import {
  type Classes,
  type Classifier,
  classByPrefix,
  classifierOf,
  FALSE,
  FIRST_TEXT,
  MISSING,
  OTHER_TEXT,
  STRUCTURE,
} from './classes.ts';
import { IS_NUMBER } from './layout.ts';
import { plainPath, readOf } from './read-field.ts';
import type { Field } from './test.ts';

/** Where the class of a field's value goes, as a place in `classes`, and where the value itself, in `numbers`, if that is one. */
export type ClassifiedField = { field: Field; classes: Classes; at: number; numberAt: number | undefined };

/**
 * Writes the class of each field's value for these facts; of a number that must be looked up only that it is one, and the
 * number.
 */
export type ReadClasses = (facts: Facts, classes: Int32Array, numbers: Float64Array) => void;

/** So many texts or prefixes are tried one by one, 7 ns for a field instead of 14 and 26 instead of 42; more are looked up. */
const FEW = 8;

type Prefixes = NonNullable<Classifier['prefixes']>;

/** Functions that grow too large are never optimized. */
const FIELDS_A_FUNCTION = 64;

/**
 * Reads and classifies fields by functions made for them: a member that one place of the code reads again and again is found
 * eight times faster than one that is named by a variable. Texts get into the code as JSON, and only names of letters,
 * digits and `_`; whatever else there is to read is left to evaluate.ts.
 */
export const classReader = (fields: readonly ClassifiedField[]): ReadClasses => {
  const parts = Array.from({ length: Math.ceil(fields.length / FIELDS_A_FUNCTION) }, (_, n) =>
    partReader(fields.slice(n * FIELDS_A_FUNCTION, (n + 1) * FIELDS_A_FUNCTION)),
  );
  const [only] = parts;
  if (only && parts.length === 1) return only;
  return (facts, classes, numbers) => {
    for (const part of parts) part(facts, classes, numbers);
  };
};

const partReader = (fields: readonly ClassifiedField[]): ReadClasses => {
  const reads: ((facts: Facts) => unknown)[] = [];
  const begun: ((text: string) => number)[] = [];
  const exacts: ReadonlyMap<string, number>[] = [];
  /** Names of objects that were read, by path: each is read once, whatever its members are. */
  const objects = new Map<string, string>();
  const declarations: string[] = [];
  const objectAt = (path: readonly string[]): string => {
    const key = path.join('.');
    const known = objects.get(key);
    if (known || path.length === 1) return known ?? key;
    const parent = objectAt(path.slice(0, -1));
    const name = `o${objects.size}`;
    declarations.push(`const ${name} = ${parent}?.${path.at(-1)};`);
    objects.set(key, name);
    return name;
  };
  const readCode = (field: Field): string => {
    const path = plainPath(field);
    if (path) return `${objectAt(path.slice(0, -1))}?.${path.at(-1)}`;
    return `reads[${reads.push(readOf(field)) - 1}](facts)`;
  };
  const textCode = (classes: Classes, v: string): string => {
    const { exact, prefixes } = classifierOf(classes);
    const otherwise = prefixes ? prefixCode(prefixes, v) : `${OTHER_TEXT}`;
    if (exact.size > FEW) return `exacts[${exacts.push(exact) - 1}].get(${v}) ?? ${otherwise}`;
    return `${[...exact].map(([text, own]) => `${v} === ${JSON.stringify(text)} ? ${own} : `).join('')}${otherwise}`;
  };
  const prefixCode = (prefixes: Prefixes, v: string): string => {
    const own = prefixes.texts.flatMap((text, at) => (prefixes.isPrefix[at] ? [{ text, own: FIRST_TEXT + at }] : []));
    if (own.length > FEW) return `begun[${begun.push((text) => classByPrefix(prefixes, text)) - 1}](${v})`;
    // Longer prefixes are behind those that begin them, and are tried first.
    const cases = [...Map.groupBy(own.toReversed(), ({ text }) => text.charCodeAt(0))].map(
      ([first, some]) =>
        `case ${first}: return ${some.map(({ text, own: at }) => `v.startsWith(${JSON.stringify(text)}) ? ${at} : `).join('')}${OTHER_TEXT};`,
    );
    return `((v) => { switch (v.charCodeAt(0)) { ${cases.join(' ')} default: return ${OTHER_TEXT}; } })(${v})`;
  };
  const code = fields.map(({ field, classes, at, numberAt }) => {
    const v = `v${at}`;
    declarations.push(`const ${v} = ${readCode(field)};`);
    const number =
      numberAt === undefined
        ? `c[${at}] = ${classifierOf(classes).firstNumber};`
        : `{ n[${numberAt}] = ${v}; c[${at}] = ${IS_NUMBER}; }`;
    const text = `c[${at}] = ${textCode(classes, v)};`;
    const kinds = [`typeof ${v} === 'string') ${text}`, `typeof ${v} === 'number') ${number}`];
    const [likely, other] = numberAt === undefined ? kinds : kinds.reverse();
    return `if (${likely}
    else if (${v} === undefined || ${v} === null) c[${at}] = ${MISSING};
    else if (typeof ${v} === 'boolean') c[${at}] = ${v} ? ${FALSE + 1} : ${FALSE};
    else if (${other}
    else c[${at}] = ${STRUCTURE};`;
  });
  const body = `return (facts, c, n) => {
    const properties = facts.event.properties, attributes = facts.profile?.attributes;
    ${declarations.join('\n')}
    ${code.join('\n')}
  };`;
  return new Function('reads', 'begun', 'exacts', body)(reads, begun, exacts) as ReadClasses;
};
