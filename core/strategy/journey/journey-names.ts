import type { AudienceRef } from '../../audience/audience-ref.ts';
import type { Leaf } from '../../event/condition.ts';
import { placedLeaves } from '../../event/condition-tree.ts';
import type { EventPattern } from '../../event/trigger.ts';
import { tablesIn } from '../template/catalogue.ts';
import { type BranchCondition, isMembership, type Membership } from './branch-condition.ts';
import type { JourneyInput } from './journey-input.ts';

const isNamed = (table: string | undefined): table is string => table !== undefined;

type Placed<T> = { path: string } & T;

/** All event patterns of a journey, with where they stand. */
export const patternsIn = ({
  entry,
  goals = [],
  exits = [],
  nodes,
}: JourneyInput): Placed<{ event: EventPattern }>[] => [
  ...('event' in entry ? [{ path: 'entry.event', event: entry.event }] : []),
  ...goals.map(({ event }, n) => ({ path: `goals.${n}.event`, event })),
  ...exits.flatMap((one, n) => ('event' in one ? [{ path: `exits.${n}.event`, event: one.event }] : [])),
  ...Object.entries(nodes).flatMap(([id, node]) =>
    node.kind === 'wait-for-event'
      ? node.events.map(({ event }, n) => ({ path: `nodes.${id}.events.${n}.event`, event }))
      : [],
  ),
];

/** All questions of a journey's branches and patterns, with where they stand. */
export const questionsIn = (input: JourneyInput): Placed<{ asked: Leaf | Membership }>[] => [
  ...patternsIn(input).flatMap(({ path, event: { where = [] } }) =>
    where
      .flatMap((condition, n) => placedLeaves(condition, `${path}.where.${n}`))
      .map((one) => ({ path: one.path, asked: one.leaf })),
  ),
  ...Object.entries(input.nodes).flatMap(([id, node]) =>
    node.kind === 'branch'
      ? node.branches.flatMap(({ when }, n) =>
          when.flatMap((condition, k) => placed(condition, `nodes.${id}.branches.${n}.when.${k}`)),
        )
      : [],
  ),
];

const placed = (condition: BranchCondition, path: string): Placed<{ asked: Leaf | Membership }>[] => {
  if ('all' in condition) return condition.all.flatMap((one, n) => placed(one, `${path}.all.${n}`));
  if ('any' in condition) return condition.any.flatMap((one, n) => placed(one, `${path}.any.${n}`));
  return 'not' in condition ? placed(condition.not, `${path}.not`) : [{ path, asked: condition }];
};

/** Segments that have to be live, and lists, with where they are named. */
export const peopleNamed = (input: JourneyInput): Placed<{ segment: string } | { list: string }>[] => [
  ...('segment' in input.entry ? [{ path: 'entry.segment', segment: input.entry.segment }] : []),
  ...(input.exits ?? []).flatMap((one, n) =>
    'leavesSegment' in one ? [{ path: `exits.${n}.leavesSegment`, segment: one.leavesSegment }] : [],
  ),
  ...questionsIn(input).flatMap(({ path, asked }) =>
    isMembership(asked) ? [{ path: `${path}.in`, ...asked.in }] : [],
  ),
];

/** Ids of all that a journey names, each once: what is to be read before it is judged. */
export const namedIn = (
  input: JourneyInput,
): {
  templates: string[];
  segments: string[];
  lists: string[];
  endpoints: string[];
  sources: string[];
  tables: string[];
  audience?: AudienceRef;
} => {
  const nodes = Object.values(input.nodes);
  const people = peopleNamed(input);
  const once = (ids: readonly string[]): string[] => [...new Set(ids)];
  return {
    templates: once(nodes.flatMap((node) => (node.kind === 'message' ? [node.templateId] : []))),
    segments: once(people.flatMap((one) => ('segment' in one ? [one.segment] : []))),
    lists: once(people.flatMap((one) => ('list' in one ? [one.list] : []))),
    endpoints: once(nodes.flatMap((node) => (node.kind === 'webhook' ? [node.endpointId] : []))),
    sources: once('api' in input.entry ? (input.entry.sources ?? []) : []),
    tables: once([
      ...questionsIn(input).flatMap(({ asked }) => ('reference' in asked ? [asked.reference] : [])),
      ...nodes.flatMap((node) =>
        node.kind === 'webhook' ? Object.values(node.fields).flatMap((text) => tablesIn(text).filter(isNamed)) : [],
      ),
    ]),
    ...('audience' in input.entry && { audience: input.entry.audience }),
  };
};
