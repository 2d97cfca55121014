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

/** The names from `properties` or `attributes` to the field, where code may read them one by one; undefined: `readOf` must. */
export const plainPath = ({ subject, derive }: Field): string[] | undefined => {
  if (derive !== 'value') return undefined;
  const [root, path] =
    'property' in subject
      ? ['properties', subject.property]
      : 'attribute' in subject
        ? ['attributes', subject.attribute]
        : [];
  if (root === undefined || path === undefined || !/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(path)) return undefined;
  const names = path.split('.');
  return names.some((name) => INHERITED.has(name)) ? undefined : [root, ...names];
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
