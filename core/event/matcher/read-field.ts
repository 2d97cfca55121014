import { valueAt } from '../../audience/question.ts';
import { type Facts, valueAbout } from '../evaluate.ts';
import { instantOf } from '../instant.ts';
import { type Field, reversed } from './test.ts';

/**
 * Names that values have besides their own members: a path through one of them is read with a look at what is whose. All
 * other names can only be found on objects that JSON made, if anywhere.
 */
const INHERITED = new Set(
  [Object, Array, String, Number, Boolean].flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype)),
).add('length');

type Read = (facts: Facts) => unknown;
/** Writes the values of all fields to `values`, by slot. */
export type ReadAll = (facts: Facts, values: unknown[]) => void;

/**
 * Reads all fields by one function made for them: a member that one place of the code reads again and again is found eight
 * times faster than one that is named by a variable. Only names of letters, digits and `_` get into the code; whatever
 * else there is to read is left to evaluate.ts.
 */
export const readerOf = (fields: readonly Field[]): ReadAll => {
  const others: Read[] = [];
  const code = fields.map((field, slot) => {
    const plain = codeReading(field);
    if (plain) return `values[${slot}] = ${plain};`;
    others.push(readOf(field));
    return `values[${slot}] = others[${others.length - 1}](facts);`;
  });
  const body = `return (facts, values) => {
    const properties = facts.event.properties, attributes = facts.profile?.attributes;
    ${code.join('\n')}
  };`;
  return new Function('others', body)(others) as ReadAll;
};

/** An expression that reads the field, where there are `properties` and `attributes`; undefined when `readOf` must. */
export const codeReading = ({ subject, derive }: Field): string | undefined => {
  if (derive !== 'value') return undefined;
  const [root, path] =
    'property' in subject
      ? ['properties', subject.property]
      : 'attribute' in subject
        ? ['attributes', subject.attribute]
        : [];
  if (path === undefined || !/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(path)) return undefined;
  return path.split('.').some((name) => INHERITED.has(name)) ? undefined : `${root}?.${path.replaceAll('.', '?.')}`;
};

export const readOf = ({ subject, derive }: Field): Read => {
  if (derive === 'value') return (facts) => valueAbout(subject, facts);
  if (derive === 'date') return (facts) => instantOf(valueAbout(subject, facts));
  if (derive === 'reversed') return (facts) => reversedOf(valueAbout(subject, facts));
  return (facts) => {
    const ms = instantOf(valueAbout(subject, facts));
    return ms === undefined ? undefined : ms - facts.event.timeMs;
  };
};

const reversedOf = (value: unknown): unknown => (typeof value === 'string' ? reversed(value) : undefined);

/** The values of a field that is asked of each item of a list; none where there is no list. */
export const itemsOf = (list: unknown, { item, derive }: Field): unknown[] => {
  if (!Array.isArray(list)) return [];
  const values = item ? list.map((one) => valueAt({ item: one }, `item.${item}`)) : list;
  return derive === 'reversed' ? values.map(reversedOf) : values;
};
