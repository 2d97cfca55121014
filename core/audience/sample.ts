import type { SeenEvent } from './event-predicate.ts';
import { type Estimate, estimateOf } from './proportion.ts';
import type { SampleRow } from './sample-query.ts';
import type { ResolvedSegment } from './segment.ts';
import { isMember, type Person } from './segment-predicate.ts';

/** A frozen sample of the base: what the estimates are made of. */
export type Sample = {
  /** Object in the work bucket: gzip NDJSON of SampledPerson. */
  key: string;
  /** The instant for which it is evaluated. */
  takenMs: number;
  /** People in it, and in the base that they were drawn from. */
  people: number;
  of: number;
  /** Names of the attributes that somebody in it has, sorted. Absent in samples of before they were noted. */
  attributes?: string[];
};

/** Somebody of the sample, as JSON. */
export type SampledPerson = Omit<Person, 'lists'> & { lists: string[] };

/** Events that a sample holds at most: about 25 MB, which a warm Lambda keeps. */
export const MAX_SAMPLE_EVENTS = 150_000;

/**
 * The people of a sample from its rows, in whatever order those come. When they have more events than `maxEvents` there are
 * fewer people, the first ones of the random order, so they are still a sample; at least one.
 */
export const sampledPeople = async (
  rows: AsyncIterable<SampleRow> | Iterable<SampleRow>,
  maxEvents = MAX_SAMPLE_EVENTS,
): Promise<{ people: SampledPerson[]; of: number }> => {
  const found = new Map<string, SampledPerson & { place: string }>();
  const waiting: Exclude<SampleRow, { kind: 'base' | 'profile' }>[] = [];
  let of = 0;
  for await (const row of rows) {
    if (row.kind === 'base') of = Number(row.total);
    else if (row.kind === 'profile') found.set(row.profile_id, { ...personOf(row), place: row.place });
    else waiting.push(row);
  }
  for (const row of waiting) {
    const person = found.get(row.profile_id);
    if (!person) continue;
    if (row.kind === 'event') (person.events as SeenEvent[]).push(eventOf(row));
    else if (row.kind === 'consent') (person.consents as Record<string, boolean>)[row.consent] = row.given;
    else person.lists.push(row.list_id);
  }
  const ordered = [...found.values()].sort((a, b) => (a.place < b.place ? -1 : 1));
  let events = 0;
  const within = ordered.findIndex((person, n) => {
    events += person.events.length;
    return n > 0 && events > maxEvents;
  });
  const kept = within < 0 ? ordered : ordered.slice(0, within);
  return { people: kept.map(({ place: _place, ...person }) => person), of };
};

const personOf = (row: Extract<SampleRow, { kind: 'profile' }>): SampledPerson => ({
  profile: {
    profileId: row.profile_id,
    version: 0,
    updatedMs: 0,
    ...(row.email && { email: row.email }),
    ...(row.phone && { phone: row.phone }),
    ...(row.push_token && { pushToken: row.push_token }),
    ...(row.wechat_open_id && { wechatOpenId: row.wechat_open_id }),
    ...(row.time_zone && { timeZone: row.time_zone }),
    ...(row.locale && { locale: row.locale }),
    attributes: JSON.parse(row.attributes || '{}') as Person['profile']['attributes'],
  },
  events: [],
  consents: {},
  lists: [],
});

const eventOf = (row: Extract<SampleRow, { kind: 'event' }>): SeenEvent => ({
  id: row.id,
  source: row.source,
  type: row.type,
  timeMs: Number(row.time_ms),
  receivedMs: Number(row.received_ms),
  properties: JSON.parse(row.properties) as SeenEvent['properties'],
});

/** More names are no help to anybody, and the sample is one item. */
const MAX_ATTRIBUTE_NAMES = 1_000;

/** Names of the attributes that somebody has, each once and sorted; the first thousand. */
export const attributeNames = (people: readonly Pick<SampledPerson, 'profile'>[]): string[] =>
  [...new Set(people.flatMap(({ profile }) => Object.keys(profile.attributes)))].sort().slice(0, MAX_ATTRIBUTE_NAMES);

/** How many of the base are in the segment, by the people of a sample. */
export const estimated = (
  tree: ResolvedSegment,
  people: readonly Person[],
  { of, takenMs }: Pick<Sample, 'of' | 'takenMs'>,
): Estimate => {
  const hits = people.filter((person) => isMember(tree, person, takenMs)).length;
  return estimateOf(hits, people.length, of);
};
