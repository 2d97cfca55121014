import type { Profile } from '../audience/profile.ts';
import { valueAt } from '../audience/question.ts';
import { type ContactState, MAX_TOUCHES } from '../delivery/contact-state.ts';
import { type ContactFacts, type Facts, type ReferenceRows, referenceKey } from './evaluate.ts';
import type { AcceptedEvent } from './event.ts';

/** What the conditions that an event may meet ask about, besides the event. */
export type Needs = {
  profile: boolean;
  contact: boolean;
  /** Rows of `table` whose key is the event's property `by`. */
  references: readonly { table: string; by: string }[];
};

/** One row of a reference table. */
export type RowName = { table: string; key: string };

/** The rows that an event names. A property that is no key names none. */
export const rowsNamed = ({ properties }: Pick<AcceptedEvent, 'properties'>, { references }: Needs): RowName[] =>
  references.flatMap(({ table, by }) => {
    const key = referenceKey(valueAt(properties, by));
    return key === undefined ? [] : [{ table, key }];
  });

/** A contact state as conditions read it; undefined for who has none. */
export const contactFacts = (state: ContactState | undefined): ContactFacts | undefined => {
  if (!state || state.version === 0) return undefined;
  const [newest] = state.touches;
  return {
    consents: state.consents,
    suppressed: Object.fromEntries(Object.entries(state.suppressed).map(([channel, { reason }]) => [channel, reason])),
    touches: Math.min(state.touches.length, MAX_TOUCHES),
    ...(newest && { lastTouch: new Date(newest[0] * 1_000).toISOString() }),
  };
};

/** What conditions may look at for one event: exactly what is needed and there. */
export const factsOf = (
  event: AcceptedEvent,
  needs: Needs,
  known: { profile?: Profile | undefined; contact?: ContactState | undefined; references: ReferenceRows },
): Facts => {
  const contact = needs.contact ? contactFacts(known.contact) : undefined;
  return {
    event,
    ...(needs.profile && known.profile && { profile: known.profile }),
    ...(contact && { contact }),
    ...(needs.references.length > 0 && { references: known.references }),
  };
};
