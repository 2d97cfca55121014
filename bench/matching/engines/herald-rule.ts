import type { Condition } from '../../../core/event/condition.ts';
import type { Rule } from '../../../core/event/plain-matcher.ts';
import type { BenchLeaf, BenchRule } from '../rule.ts';
import { writtenAs } from './written-as.ts';

/** `event.x` is a property of the event, `profile.x` an attribute of the person. */
const subjectOf = (field: string): { property: string } | { attribute: string } => {
  const [root, ...path] = field.split('.');
  return root === 'event' ? { property: path.join('.') } : { attribute: path.join('.') };
};

const leaf = (it: BenchLeaf): Condition => {
  const subject = subjectOf(it.f);
  switch (it.op) {
    case 'eq':
      return { ...subject, equals: it.v };
    case 'ne':
      // The workload's `ne` also holds where the value is missing; Herald's notEquals asks for a value.
      return { not: { ...subject, equals: it.v } };
    case 'in':
      return { ...subject, in: it.v };
    case 'gt':
      return { ...subject, moreThan: it.v };
    case 'gte':
      return { ...subject, atLeast: it.v };
    case 'lt':
      return { ...subject, lessThan: it.v };
    case 'lte':
      return { ...subject, atMost: it.v };
    case 'prefix':
      return { ...subject, startsWith: it.v };
    default:
      return { ...subject, exists: it.op === 'exists' };
  }
};

/** The rule as a trigger's pattern. The first condition of every rule of the workload is the event type. */
export const heraldRule = ({ id, cond }: BenchRule): Rule => {
  const [type, ...where] = cond.all as [BenchLeaf & { op: 'eq' }, ...BenchRule['cond']['all']];
  return {
    id,
    eventType: String(type.v),
    where: where.map((condition) =>
      writtenAs<Condition>(condition, { leaf, all: (all) => ({ all }), any: (any) => ({ any }) }),
    ),
  };
};
