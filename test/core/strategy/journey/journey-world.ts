import * as fc from 'fast-check';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import { HOUR, journeyOf, MINUTE, message, SECOND, T0 } from './traveller.ts';

const TYPES = ['a', 'b', 'start'] as const;
const lengths = fc.constantFrom(
  { seconds: 30 },
  { minutes: 2 },
  { minutes: 4 },
  { minutes: 10 },
  { hours: 1 },
  { hours: 3 },
);

/** Journeys of five nodes and an exit; ways that may be taken at once lead forward only, so that none is endless. */
export const journeys: fc.Arbitrary<JourneyInput> = fc
  .record({
    kinds: fc.array(fc.constantFrom('message', 'wait', 'event', 'event'), { minLength: 2, maxLength: 5 }),
    ways: fc.array(fc.nat(), { minLength: 15, maxLength: 15 }),
    lengths: fc.array(lengths, { minLength: 5, maxLength: 5 }),
    types: fc.array(fc.subarray([...TYPES], { minLength: 1, maxLength: 2 }), { minLength: 5, maxLength: 5 }),
    reentry: fc.constantFrom(undefined, { atMost: 3 }, { after: { minutes: 20 } }),
    goal: fc.constantFrom(undefined, { within: { hours: 2 } }, { exits: true }, {}),
    exits: fc.boolean(),
    longest: fc.constantFrom(undefined, { hours: 5 }),
  })
  .map(({ kinds, ways, lengths: all, types, reentry, goal, exits, longest }) => {
    const count = kinds.length;
    const name = (n: number) => (n >= count ? 'e' : `n${n}`);
    const forward = (from: number, way: number) => name(from + 1 + ((ways[way] ?? 0) % (count - from)));
    const anywhere = (way: number) => name((ways[way] ?? 0) % (count + 1));
    const nodes = kinds.map((kind, n): [string, JourneyNode] => {
      const length = all[n] ?? { hours: 1 };
      if (kind === 'message') return [name(n), message(forward(n, n))];
      if (kind === 'wait') return [name(n), { kind: 'wait', for: length, next: anywhere(n) }];
      const events = (types[n] ?? []).map((eventType, k) => ({ event: { eventType }, next: anywhere(5 + n + k) }));
      return [name(n), { kind: 'wait-for-event', events, within: length, onTimeout: anywhere(10 + n) }];
    });
    return journeyOf(
      { ...Object.fromEntries(nodes), e: { kind: 'exit' } },
      {
        ...(reentry && { reentry }),
        ...(goal && { goals: [{ name: 'g', event: { eventType: 'g' }, ...goal }] }),
        ...(exits && { exits: [{ event: { eventType: 'x' } }] }),
        longest: longest ?? { hours: 8 },
      },
    );
  });

/** Whether an event lets in before it is heard, or is heard first: match-events tells both. */
export type Happening = { type: string; at: number; delays: number[]; heardFirst: boolean };

const delays = fc.constantFrom(0, 1, SECOND, 30 * SECOND, 3 * MINUTE, 7 * MINUTE, 40 * MINUTE, 2 * HOUR);
/** Things that happen within six hours, each told once, twice or three times. No two at the same millisecond. */
export const happenings: fc.Arbitrary<Happening[]> = fc
  .array(
    fc.record({
      type: fc.constantFrom('start', 'start', 'a', 'a', 'b', 'b', 'g', 'x'),
      minute: fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: 0, max: 20 }) },
        { weight: 2, arbitrary: fc.integer({ min: 0, max: 360 }) },
      ),
      delays: fc.array(delays, { minLength: 1, maxLength: 3 }),
      heardFirst: fc.boolean(),
    }),
    { minLength: 2, maxLength: 9 },
  )
  .map((all) => all.map(({ minute, ...rest }, n) => ({ ...rest, at: T0 + minute * MINUTE + n })));

/** How late each timer rings, and how often. */
export const ringings = fc.array(fc.array(delays, { minLength: 1, maxLength: 2 }), { minLength: 10, maxLength: 10 });

const minutes = fc.integer({ min: 0, max: 360 });
export type Change =
  | { kind: 'pause'; at: number; until: number }
  | { kind: 'edit'; at: number; input: JourneyInput; inside: 'finish' | 'move' | 'exit' };

/** One pause, one edit, both or none. */
export const changes: fc.Arbitrary<Change[]> = fc.oneof(
  fc.constant<Change[]>([]),
  fc
    .tuple(minutes, fc.integer({ min: 1, max: 120 }))
    .map(([from, length]): Change[] => [
      { kind: 'pause', at: T0 + from * MINUTE + 500, until: T0 + (from + length) * MINUTE + 500 },
    ]),
  fc
    .tuple(minutes, journeys, fc.constantFrom('finish', 'move', 'exit'))
    .map(([from, input, inside]): Change[] => [
      { kind: 'edit', at: T0 + from * MINUTE + 700, input, inside: inside as 'finish' },
    ]),
  fc
    .tuple(minutes, minutes, fc.integer({ min: 1, max: 120 }), journeys, fc.constantFrom('finish', 'move', 'exit'))
    .map(([edited, from, length, input, inside]): Change[] => [
      { kind: 'edit', at: T0 + edited * MINUTE + 700, input, inside: inside as 'finish' },
      { kind: 'pause', at: T0 + from * MINUTE + 500, until: T0 + (from + length) * MINUTE + 500 },
    ]),
);
