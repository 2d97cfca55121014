import { type Channel, LANES } from '../../delivery/channel.ts';
import { channelsOfPlaybook, LANGUAGES, type Playbook } from './playbook.ts';
import { valuesOf } from './values.ts';

/** What a playbook works with, under the names that its parameters give. */
export type PlaybookNeeds = {
  events: { parameter: string; eventType: string; properties: string[] }[];
  attributes: { parameter: string; attribute: string; needed: boolean }[];
  /** One of these, per channel: in general, or to the topic. Transactional messages need none. */
  consents: string[];
};

/** Whether its messages are sent without consent. */
const isTransactional = ({ plan }: Playbook): boolean => plan.kind === 'trigger' && plan.draft.lane === LANES[0];

/** With the values as they are given; a parameter that has none is left out. */
export const needsOf = (playbook: Playbook, given: Readonly<Record<string, unknown>>): PlaybookNeeds => {
  const values = valuesOf(playbook, given, LANGUAGES[0]);
  const entries = Object.entries(playbook.parameters);
  const consentsOf = (channel: Channel) => [channel, `${channel}/${values.topic}`];
  return {
    events: entries.flatMap(([parameter, { kind, ...rest }]) =>
      kind === 'event' && 'properties' in rest
        ? [{ parameter, eventType: String(values[parameter]), properties: Object.keys(rest.properties) }]
        : [],
    ),
    attributes: entries.flatMap(([parameter, described]) =>
      described.kind === 'attribute'
        ? [{ parameter, attribute: String(values[parameter]), needed: described.needed === true }]
        : [],
    ),
    consents: isTransactional(playbook) ? [] : channelsOfPlaybook(playbook).flatMap(consentsOf),
  };
};

/** What a deployment has shown so far. */
export type Seen = {
  /** Paths of properties by event type; a type that never came is absent. */
  properties: ReadonlyMap<string, ReadonlySet<string>>;
  /** Attributes that somebody of the newest sample has; undefined while no sample was drawn. */
  attributes?: ReadonlySet<string>;
};

export type PlaybookMissing = {
  eventTypes: string[];
  /** Of event types that did come. */
  properties: { eventType: string; property: string }[];
  /** Null: nobody knows yet. */
  attributes: string[] | null;
};

/** What of the needs nobody has seen yet. It may come with the first event, so it keeps nobody from starting. */
export const missingOf = ({ events, attributes }: PlaybookNeeds, seen: Seen): PlaybookMissing => ({
  eventTypes: events.map(({ eventType }) => eventType).filter((type) => !seen.properties.has(type)),
  properties: events.flatMap(({ eventType, properties }) =>
    seen.properties.has(eventType)
      ? properties.flatMap((property) =>
          seen.properties.get(eventType)?.has(property) ? [] : [{ eventType, property }],
        )
      : [],
  ),
  attributes: seen.attributes
    ? attributes.map(({ attribute }) => attribute).filter((name) => !seen.attributes?.has(name))
    : null,
});
