import type { Advanced, JourneyFacts } from '../../core/strategy/journey/participant.ts';

/**
 * Epoch ms of the next turns at a throttle, so many of them. One that is taken for nothing is lost: the node lets fewer through for a
 * moment, and never more.
 */
export type TakeSlots = (journeyId: string, node: string, perMinute: number, turns: number) => Promise<number[]>;
export type Slots = NonNullable<JourneyFacts['slots']>;

/** Somebody who may have a question, and the turns that they have taken. */
export type Answering = { journeyId: string; slots: Slots };
type Asks = { one: Answering; ask: NonNullable<Advanced['ask']> };

/**
 * Lets each of them decide, until nobody asks for a turn any more: whoever does takes one, together with the others at the node, in their
 * order, and decides again. What is stored never waits for an answer. `fail`: of whom no turn could be taken.
 */
export const withSlots = async <T extends Answering>(
  takeSlots: TakeSlots,
  all: readonly T[],
  decide: (one: T) => Advanced['ask'],
  fail: (one: T, error: unknown) => void,
): Promise<void> => {
  let left = all;
  while (left.length > 0) {
    const asking = left.flatMap((one): (Asks & { one: T })[] => {
      const ask = decide(one);
      return ask ? [{ one, ask }] : [];
    });
    const byNode = Map.groupBy(asking, ({ one: { journeyId }, ask }) => JSON.stringify([journeyId, ask]));
    const next = await Promise.all(
      [...byNode.values()].map(async (own): Promise<T[]> => {
        const { one, ask } = own[0]!;
        try {
          const slots = await takeSlots(one.journeyId, ask.throttle, ask.perMinute, own.length);
          for (const [n, { one }] of own.entries()) one.slots = { ...one.slots, [ask.throttle]: slots[n]! };
          return own.map(({ one }) => one);
        } catch (error) {
          for (const { one } of own) fail(one, error);
          return [];
        }
      }),
    );
    left = next.flat();
  }
};
