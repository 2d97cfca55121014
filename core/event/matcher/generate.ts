import type { Scalar } from '../../audience/question.ts';
import type { Condition } from '../condition.ts';
import { type Facts, holds } from '../evaluate.ts';
import type { MatchRules } from './open-index.ts';
import { plainPath, readOf } from './read-field.ts';
import type { NumberedConjunction } from './slots.ts';
import type { Test, ValueTest } from './test.ts';

/**
 * Few conjunctions are fastest tried one after the other by a function that is made of them: no bookkeeping, and each place
 * of the code sees values of one kind only. Texts and numbers of conditions get into the code as JSON, paths only where they
 * are made of letters, digits and `_`.
 */
export const generate = (conjunctions: readonly NumberedConjunction[]): MatchRules => {
  const fields = new Map<string, { name: string; code: string }>();
  const others: ((facts: Facts) => unknown)[] = [];
  const sets: ReadonlySet<Scalar>[] = [];
  const opaques: Condition[] = [];

  const valueAbout = ({ field }: Extract<Test, { field: unknown }>): string => {
    const key = JSON.stringify(field);
    const known = fields.get(key);
    if (known) return known.name;
    const plain = plainPath(field)?.join('?.');
    // What takes time to read is read where it is asked for.
    if (!plain) return `others[${others.push(readOf(field)) - 1}](facts)`;
    const name = `v${fields.size}`;
    fields.set(key, { name, code: plain });
    return name;
  };
  const testCode = (test: ValueTest, value: string): string => {
    if (test.kind === 'exists') return `${value} != null`;
    if (test.kind === 'prefix')
      return `((v) => typeof v === 'string' && v.startsWith(${JSON.stringify(test.text)}))(${value})`;
    if (test.kind === 'differs')
      return `((v) => typeof v === '${typeof test.from}' && v !== ${JSON.stringify(test.from)})(${value})`;
    if (test.kind === 'among') {
      if (test.values.length > 8) return `sets[${sets.push(new Set(test.values)) - 1}].has(${value})`;
      return `((v) => ${test.values.map((wanted) => `v === ${JSON.stringify(wanted)}`).join(' || ')})(${value})`;
    }
    const bounds = [
      ...(Number.isFinite(test.from) ? [`v ${test.fromIn ? '>=' : '>'} ${test.from}`] : []),
      ...(Number.isFinite(test.to) ? [`v ${test.toIn ? '<=' : '<'} ${test.to}`] : []),
    ];
    return `((v) => typeof v === 'number' && ${bounds.join(' && ')})(${value})`;
  };
  const code = (test: Test): string => {
    const own =
      'field' in test
        ? testCode(test.test, valueAbout(test))
        : `holds(opaques[${opaques.push(test.opaque) - 1}], facts)`;
    return test.not ? `!(${own})` : `(${own})`;
  };

  const checks = [...Map.groupBy(conjunctions, ({ rule }) => rule)].map(([rule, own]) => {
    const ways = own.map(
      ({ tests }) =>
        [...tests]
          .sort((a, b) => rank(a) - rank(b))
          .map(code)
          .join(' && ') || 'true',
    );
    return `if (${ways.map((way) => `(${way})`).join(' || ')}) { found[n] = ${rule}; n += 1; }`;
  });
  const found = new Int32Array(new Set(conjunctions.map(({ rule }) => rule)).size);
  const body = `return (facts) => {
    const properties = facts.event.properties, attributes = facts.profile?.attributes;
    ${[...fields.values()].map(({ name, code: read }) => `const ${name} = ${read};`).join('\n')}
    let n = 0;
    ${checks.join('\n')}
    return n;
  };`;
  const match = new Function('found', 'others', 'sets', 'opaques', 'holds', body)(found, others, sets, opaques, holds);
  return { found, match };
};

/** The least likely to hold first, the dearest last. */
const rank = (test: Test): number => {
  if (!('field' in test)) return 9;
  const place = { among: 1, prefix: 2, range: 3, exists: 4, differs: 6 }[test.test.kind];
  return (test.not ? 8 - place : place) + (test.field.derive === 'value' ? 0 : 0.5);
};
